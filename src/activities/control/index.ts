import type { Client } from '@temporalio/client';
import type { Catalog } from '../../catalog/contract';
import type { ControlActivities } from './contract';
import { makeNoticeActivities, NO_NOTIFIER, type Notifier } from './notifier';
import { keepSchedule, removeSchedule } from './schedule';
import { sendDrill } from './send-drill';
import { recall } from './recall';
import { checkAndSelect, selectHosts } from './select-hosts';
import { sendSync } from './send-sync';
import { tellSelectors } from './tell-selectors';

/** All activities of the control worker. */
export function makeControlActivities({
  client,
  catalog,
  notifier = NO_NOTIFIER,
}: {
  client: Client;
  catalog: Catalog;
  notifier?: Notifier;
}): ControlActivities {
  return {
    checkSpec: (document, standing) => checkAndSelect(catalog, document, standing),
    selectHosts: (standing) => selectHosts(catalog, standing),
    recordAgent: (agent) => catalog.recordAgent(agent),
    tellSelectors: ({ host }) => tellSelectors(client, catalog, host),
    keepSchedule: (wanted) => keepSchedule(client, wanted),
    removeSchedule: (relationship) => removeSchedule(client, relationship),
    recordSync: (record) => catalog.recordSync(record),
    recordVerified: (input) => catalog.recordVerified(input),
    async recordRelationship(document) {
      await catalog.recordRelationship(document);
      return { lastSequence: await catalog.lastSequence(document.metadata.name) };
    },
    recordRetired: (relationship) => catalog.recordRetired(relationship),
    recall: (input) => recall(client, input),
    sendDrill: (input) => sendDrill(client, input),
    sendSync: (input) => sendSync(client, catalog, input),
    ...makeNoticeActivities(catalog, notifier),
  };
}

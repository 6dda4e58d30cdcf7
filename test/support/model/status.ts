import { applyDocument, initialState, toStatus } from '../../../src/model/relationship-state';
import type { RelationshipStatus } from '../../../src/model/status';
import type { StateEntry } from '../../../src/catalog/contract';
import { makeDocument, minute } from './records';

/** Of a relationship that was just applied. */
export function makeStatus(
  name: string,
  spec: Parameters<typeof makeDocument>[1] = {},
  more: Partial<RelationshipStatus> = {},
): RelationshipStatus {
  const state = initialState(name);
  applyDocument(state, makeDocument(name, spec));
  const status = toStatus(state);
  if (!status) throw new Error('it has a spec');
  return { ...status, ...more };
}

/** As the catalog keeps what they told. */
export function makeStates(...statuses: RelationshipStatus[]): Map<string, StateEntry> {
  return new Map(
    statuses.map((status, revision): [string, StateEntry] => [
      status.name,
      { name: status.name, revision, status, toldAt: minute(0), vanished: null, scheduleTrouble: null },
    ]),
  );
}

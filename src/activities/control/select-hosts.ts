/** Which hosts the selectors of a document mean, by what agents have told. */
import type { Catalog } from '../../catalog/contract';
import { asWritten, type FanOut, fanOut, type Standing } from '../../model/fan-out';
import { checkDocument } from '../../model/examine-document';
import type { Relationship } from '../../model/spec';
import { isSelecting } from '../../model/selections';
import type { ControlActivities } from './contract';

type Agents = Pick<Catalog, 'agents'>;

/** Judges a document, and makes targets of what it selects. */
export async function checkAndSelect(
  catalog: Agents,
  document: unknown,
  standing?: Standing,
): ReturnType<ControlActivities['checkSpec']> {
  const { relationship, problems, warnings } = checkDocument(document);
  if (!relationship?.spec.targets.some(isSelecting))
    return { ...(relationship && { relationship }), problems, warnings };
  const selected = fanOut(relationship, await catalog.agents(), standing);
  return { relationship: selected.document, problems: [...problems, ...selected.conflicts], warnings };
}

/** The same of a document that was accepted: what can't be taken is told, and the rest is. */
export async function selectHosts(catalog: Agents, standing: Standing): Promise<FanOut> {
  const { relationship = asWritten(standing.document) as Relationship } = checkDocument(standing.document);
  return fanOut(relationship, await catalog.agents(), standing);
}

/** Looks into the recovery points of a relationship. No operations of it: they change nothing, and wait for nobody. */
import type { HostActivities, LookAt } from '../activities/contract';
import type {
  DiffPointsRequest,
  FindRequest,
  FoundVersions,
  ListPointRequest,
  Looked,
  LookInput,
  PointListing,
  PointsDiff,
} from '../api/points';
import { findHolder } from '../model/point-holder';
import { askPlaces } from './ask-places';
import { refuse } from './switch-steps';

/** Longer than an agent gives itself for it. */
const LONGEST = '270s';

/** @throws ApplicationFailure with what the host said that could be asked */
async function look<Request extends { target?: string }, Answer>(
  { document, request }: LookInput<Request>,
  what: string,
  ask: (step: HostActivities, at: LookAt<Request>) => Promise<Answer>,
): Promise<Looked & Answer> {
  const holder = findHolder(document, request.target);
  if ('problem' in holder) throw refuse('RefusedByState', holder.problem, holder.hint);
  const relationship = document.metadata.name;
  const { host, answer } = await askPlaces(
    holder.places,
    what,
    (step, volume) => ask(step, { volume, relationship, request }),
    { startToCloseTimeout: LONGEST },
  );
  return { relationship, target: holder.target, host, ...answer };
}

export async function listPoint(input: LookInput<ListPointRequest>): Promise<Looked & PointListing> {
  return await look(input, 'List a recovery point of', (step, at) => step.listPoint(at));
}

export async function findInPoints(input: LookInput<FindRequest>): Promise<Looked & FoundVersions> {
  return await look(input, 'Find in the recovery points of', (step, at) => step.findInPoints(at));
}

export async function diffPoints(input: LookInput<DiffPointsRequest>): Promise<Looked & PointsDiff> {
  return await look(input, 'Compare recovery points of', (step, at) => step.diffPoints(at));
}

/** Lists what others keep in the store of a relationship. No operation of it: it changes nothing, and waits for nobody. */
import type { ListOthersInput } from '../api/messages';
import { findShared, type OthersAnswer } from '../model/others';
import { askPlaces } from './ask-places';
import { refuse } from './switch-steps';

/** @throws ApplicationFailure with what the host said that could be asked */
export async function listOthers({ document, request }: ListOthersInput): Promise<OthersAnswer> {
  const store = findShared(document, request);
  if ('problem' in store) throw refuse('RefusedByState', store.problem, store.hint);
  const { target, places } = store;
  const relationship = document.metadata.name;
  const { limit, before } = request;
  const more = before !== undefined && { before };
  const { host, answer } = await askPlaces(places, 'List what others keep at', (step, volume) =>
    step.listOthers({ volume, relationship, limit, ...more }),
  );
  return { relationship, target, host, ...answer };
}

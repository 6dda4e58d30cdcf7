/** Lists what others keep in the store of a relationship. No operation of it: it changes nothing, and waits for nobody. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { ListOthersInput } from '../api/messages';
import { encodeFailure } from '../model/failure-wire';
import { isMissingAgent } from '../model/failure';
import { findShared, type OthersAnswer } from '../model/others';
import type { Failure } from '../model/records';
import { onHost, toFailure } from './steps';
import { IMPATIENT, refuse } from './switch-steps';

/** The first failure that says more than that nobody is there. */
function tellFailure(failures: readonly Failure[]): ApplicationFailure {
  const failure = failures.find((each) => !isMissingAgent(each)) ?? failures[0];
  if (!failure) return refuse('RefusedByState', 'there is nobody to ask');
  return ApplicationFailure.create(encodeFailure(failure));
}

/** @throws ApplicationFailure with what the host said that could be asked */
export async function listOthers({ document, request }: ListOthersInput): Promise<OthersAnswer> {
  const store = findShared(document, request);
  if ('problem' in store) throw refuse('RefusedByState', store.problem, store.hint);
  const { target, places } = store;
  const relationship = document.metadata.name;
  const { limit, before } = request;
  const failures: Failure[] = [];
  for (const { host, volume } of places) {
    const step = onHost(host, `List what others keep at ${volume.path}`, {
      ...IMPATIENT,
      retry: { maximumAttempts: 1 },
    });
    try {
      const page = await step.listOthers({
        volume,
        relationship,
        limit,
        ...(before !== undefined && { before }),
      });
      return { relationship, target, host, ...page };
    } catch (error) {
      const failure = toFailure(error, host, volume.path);
      if (failure.type === 'Cancelled') throw error;
      // Another host may have what this one lacks: an agent, credentials, a way to the store.
      failures.push(failure);
    }
  }
  throw tellFailure(failures);
}

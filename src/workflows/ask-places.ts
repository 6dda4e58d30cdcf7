/** Asks hosts, one after the other, until one can tell. For what changes nothing. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { HostActivities } from '../activities/contract';
import { encodeFailure } from '../model/failure-wire';
import { isMissingAgent } from '../model/failure';
import type { SharedStore } from '../model/others';
import type { Failure, Volume } from '../model/records';
import { onHost, type StepOverrides, toFailure } from './steps';
import { IMPATIENT, refuse } from './switch-steps';

/** The first failure that says more than that nobody is there. */
function tellFailure(failures: readonly Failure[]): ApplicationFailure {
  const failure = failures.find((each) => !isMissingAgent(each)) ?? failures[0];
  if (!failure) return refuse('RefusedByState', 'there is nobody to ask');
  return ApplicationFailure.create(encodeFailure(failure));
}

/** @throws ApplicationFailure with what the host said that could be asked */
export async function askPlaces<T>(
  places: SharedStore['places'],
  what: string,
  ask: (step: HostActivities, volume: Volume) => Promise<T>,
  overrides: StepOverrides = {},
): Promise<{ host: string; answer: T }> {
  const failures: Failure[] = [];
  for (const { host, volume } of places) {
    const step = onHost(host, `${what} ${volume.path}`, {
      ...IMPATIENT,
      retry: { maximumAttempts: 1 },
      ...overrides,
    });
    try {
      return { host, answer: await ask(step, volume) };
    } catch (error) {
      const failure = toFailure(error, host, volume.path);
      if (failure.type === 'Cancelled') throw error;
      // Another host may have what this one lacks: an agent, credentials, a way to the store.
      failures.push(failure);
    }
  }
  throw tellFailure(failures);
}

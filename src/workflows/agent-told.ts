import { ApplicationFailure, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { AgentToldInput } from '../api/messages';
import { formatLabels } from '../model/labels';
import { code, page, plain } from '../model/markdown';
import { onControl } from './steps';

/** The agent does not wait: however long the control worker or its catalog is away, what it told is kept. */
const PATIENT = { scheduleToCloseTimeout: '365d' } as const;

/**
 * The agent of a host tells what labels it has, at its start and from time to time: that is recorded, and relationships
 * whose selectors mean it now, or no longer, are told.
 */
export async function agentTold(input: AgentToldInput): Promise<void> {
  const given: Partial<AgentToldInput> | undefined = input;
  const { host, labels } = given ?? {};
  // Anybody may start it, with anything.
  if (typeof host !== 'string' || typeof labels !== 'object') {
    throw ApplicationFailure.nonRetryable(
      'the input must be like {"host": "edge1", "labels": {"region": "eu"}}',
      'InvalidSpec',
    );
  }
  const what =
    labels === null
      ? `${plain(host)} is to be forgotten`
      : `The agent of ${plain(host)} has ${Object.keys(labels).length === 0 ? 'no labels' : code(formatLabels(labels))}`;
  setCurrentDetails(page([`${what}.`]));
  // By one clock for all: an agent whose own goes wrong must not be believed for ever.
  const toldAt = workflowInfo().startTime.toISOString();
  await onControl('Record in the catalog', PATIENT).recordAgent({ host, labels, toldAt });
  const told = await onControl('Tell relationships that select hosts', PATIENT).tellSelectors({ host });
  setCurrentDetails(
    page([`${what}. Told: ${told.length === 0 ? 'no relationship' : told.map(plain).join(', ')}.`]),
  );
}

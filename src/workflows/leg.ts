/**
 * The one handshake of two hosts, of which one opens a landing and the other carries: bytes, or what it takes to compare.
 * Open, carry, close. A sync, a comparison and a restore differ in what they ask for when they open, and in nothing else.
 */
import { CancellationScope } from '@temporalio/workflow';
import type { HostActivities, StepContext } from '../activities/contract';
import type { Volume } from '../model/records';
import type { TransferId } from '../movers/contract';
import { onHost, orStepFailed } from './steps';
import type { StepOverrides } from './steps';

/** A host, and what it is told of the volume. */
export interface Side {
  host: string;
  step: StepContext;
}

/** What a step is about, for whoever reads that it failed. */
interface About {
  host: string;
  path: string;
}

const aboutOf = ({ host, step }: Side): About => ({ host, path: step.volume.path });

/** For as long as a transfer may take: its last pass begins after all contents were compared. */
export const LANDING_LIFETIME_MS = 30 * 24 * 3_600_000;
/** A transfer, and a comparison of all contents, may take days. */
const LONGEST: StepOverrides = { startToCloseTimeout: '30d' };

type Step<Name extends keyof HostActivities> = Parameters<HostActivities[Name]>[0];
type Rest<Name extends keyof HostActivities> = Omit<Step<Name>, keyof StepContext | 'id'>;
type Answer<Name extends keyof HostActivities> = Awaited<ReturnType<HostActivities[Name]>>;

/** A step on one side of a leg. @throws StepFailed */
export async function stepAt<T>(
  about: Side | About,
  summary: string,
  step: (host: HostActivities) => Promise<T>,
  overrides?: StepOverrides,
): Promise<T> {
  const { host, path } = 'step' in about ? aboutOf(about) : about;
  return orStepFailed(step(onHost(host, summary, overrides)), host, path);
}

/** What is carried is told of by where it is: a restore's is what arrives, everything else's what is read. */
interface Carrying {
  from: Side;
  id: TransferId;
  summary: string;
  overrides?: StepOverrides;
  about?: About;
}

/** Sends the bytes. @throws StepFailed */
export async function carryBytes(
  { from, id, summary, overrides, about = aboutOf(from) }: Carrying,
  request: Rest<'transfer'>,
): Promise<Answer<'transfer'>> {
  const { transfer } = onHost(from.host, summary, { ...LONGEST, ...overrides });
  return orStepFailed(transfer({ ...from.step, id, ...request }), about.host, about.path);
}

/** Compares, and changes nothing. @throws StepFailed */
export async function carryComparison(
  { from, id, summary, overrides, about = aboutOf(from) }: Carrying,
  request: Rest<'verify'>,
): Promise<Answer<'verify'>> {
  const { verify } = onHost(from.host, summary, { ...LONGEST, ...overrides });
  return orStepFailed(verify({ ...from.step, id, ...request }), about.host, about.path);
}

/** One end of a leg. A restore's destination is a folder, and no volume. */
interface End {
  host: string;
  volume?: Volume;
  /** It was written to, and there is no other copy at it: whether that is whole is asked. */
  isOnlyCopy?: boolean;
  /** The transfer was refused before it wrote anything. */
  isUntouched?: boolean;
}

const volumesOn = (host: string, ends: readonly End[]) =>
  ends.flatMap((end) => (end.host === host && end.volume ? [end.volume] : []));

const onlyCopyOn = (host: string, ends: readonly End[]) => {
  const end = ends.find((each) => each.host === host && each.isOnlyCopy);
  return end?.volume ? { target: end.volume, ...(end.isUntouched && { untouched: true as const }) } : {};
};

/**
 * Closes what either side has opened: the landing at one, the key at the other. Best effort: what can't be closed now
 * expires, and is swept by the agent. Answers how far a transfer had come that did not end by itself, and what is known of an
 * only copy that was written to.
 */
export async function closeLeg(
  id: TransferId,
  ...ends: End[]
): Promise<{ reachedBytes?: number; torn?: boolean }> {
  const hosts = new Set(ends.map(({ host }) => host));
  const ended = await CancellationScope.nonCancellable(() =>
    Promise.allSettled(
      [...hosts].map((host) =>
        onHost(host, 'Close the landing, drop the key', {
          scheduleToStartTimeout: '5s',
          retry: { maximumAttempts: 2 },
        }).closeTransfer({ id, volumes: volumesOn(host, ends), ...onlyCopyOn(host, ends) }),
      ),
    ),
  );
  // Of a history that is replayed, an agent of an earlier version may have answered nothing.
  const told = ended.flatMap((each) => (each.status === 'fulfilled' ? [{ ...each.value }] : []));
  return Object.assign({}, ...told) as (typeof told)[number];
}

/** Follows an operation to its end, with the progress that its agent reports by heartbeats. */
import type { Progress } from '../model/records';
import { operationResult } from './operation-result';
import type { Temporal } from './temporal-client';

const LOOK_EVERY_MS = 500;

/** The sum of all transfers that run now. */
export function sumProgress(running: readonly Progress[]): Progress | undefined {
  const [first, ...others] = running;
  if (!first || others.length === 0) return first;
  const total = (pick: (progress: Progress) => number | undefined) =>
    running.reduce<number | undefined>((sum, each) => {
      const value = pick(each);
      return sum === undefined || value === undefined ? undefined : sum + value;
    }, 0);
  const bytesDone = total((each) => each.bytesDone) ?? 0;
  const bytesTotal = total((each) => each.bytesTotal);
  const etas = running.map((each) => each.etaSeconds).filter((eta) => eta !== undefined);
  const { percent: _one, etaSeconds: _its, bytesTotal: _own, filesTotal: _files, ...rest } = first;
  return {
    ...rest,
    phase:
      (['transferring', 'comparing', 'scanning', 'finishing', 'waiting'] as const).find((phase) =>
        running.some((each) => each.phase === phase),
      ) ?? first.phase,
    bytesDone,
    ...(bytesTotal !== undefined && {
      bytesTotal,
      percent: bytesTotal > 0 ? (100 * bytesDone) / bytesTotal : 100,
    }),
    filesDone: total((each) => each.filesDone) ?? 0,
    rateBytesPerSecond: total((each) => each.rateBytesPerSecond) ?? 0,
    ...(etas.length > 0 && { etaSeconds: Math.max(...etas) }),
  };
}

interface PendingActivity {
  activityType?: { name?: string | null } | null;
  heartbeatDetails?: { payloads?: { data?: Uint8Array | null }[] | null } | null;
}

/** The progress in an activity's newest heartbeat. */
export function readProgress({ activityType, heartbeatDetails }: PendingActivity): Progress | undefined {
  if (activityType?.name !== 'transfer' && activityType?.name !== 'verify') return undefined;
  const data = heartbeatDetails?.payloads?.[0]?.data;
  if (!data) return undefined;
  try {
    const details = JSON.parse(Buffer.from(data).toString('utf8')) as Partial<Progress>;
    return typeof details.bytesDone === 'number' ? (details as Progress) : undefined;
  } catch {
    return undefined;
  }
}

/** What the transfers of an operation say, and those of the syncs that it has started. */
export async function readRunning(temporal: Temporal, workflowId: string): Promise<Progress[]> {
  const { raw } = await temporal.client.workflow.getHandle(workflowId).describe();
  const own = (raw.pendingActivities ?? []).map(readProgress).filter((each) => each !== undefined);
  const children = (raw.pendingChildren ?? []).flatMap(({ workflowId: id }) => (id ? [id] : []));
  const theirs = await Promise.all(children.map((id) => readRunning(temporal, id)));
  return [...own, ...theirs.flat()];
}

/** What is told while an operation runs. */
export interface Watcher {
  onProgress: (progress: Progress) => void;
  /** Called at each look, for what else is worth showing. */
  onLook?: () => Promise<void>;
}

/**
 * Waits for the result of an operation's workflow; meanwhile tells what its transfers say.
 * @throws what the operation failed with.
 */
export async function follow<Result>(
  temporal: Temporal,
  workflowId: string,
  { onProgress, onLook }: Watcher,
): Promise<Result> {
  let over = false;
  const look = async () => {
    await onLook?.();
    const sum = sumProgress(await readRunning(temporal, workflowId));
    if (sum && !over) onProgress(sum);
  };
  let timer: NodeJS.Timeout | undefined;
  const lookAgain = () => {
    // That one look fails is no reason to give up: the result tells.
    void look()
      .catch(() => undefined)
      .then(() => {
        if (!over) timer = setTimeout(lookAgain, LOOK_EVERY_MS);
      });
  };
  timer = setTimeout(lookAgain, LOOK_EVERY_MS / 2);
  try {
    return await operationResult<Result>(temporal, workflowId);
  } finally {
    over = true;
    clearTimeout(timer);
  }
}

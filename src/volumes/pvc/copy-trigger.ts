/**
 * Copy triggers of VolSync: who owns a claim says when it may be copied, by an annotation that they change, and is told what came
 * of it by others.
 */
import type { PersistentVolumeClaim } from '../../hosts/cluster/objects';
import { type ReadyPlace, referTo } from './place';
import { type Found, waitFor } from './waiting';

const PREFIX = 'volsync.backube';
/** Of a claim: it is copied when it is asked for. Any value. */
const USE = `${PREFIX}/use-copy-trigger`;
/** Each new value asks for a copy. */
const TRIGGER = `${PREFIX}/copy-trigger`;
/** The value that was answered last. */
const ANSWERED = `${PREFIX}/latest-copy-trigger`;
const STATUS = `${PREFIX}/latest-copy-status`;
const SINCE = `${PREFIX}/latest-copy-trigger-waiting-since`;

type CopyStatus = 'WaitingForTrigger' | 'InProgress' | 'Completed';

/** What is to be done about a claim with these annotations. Pure. */
export function judgeTrigger(
  annotations: Readonly<Record<string, string>> = {},
): 'copy' | 'go-on' | 'wait' | { answer: string } {
  if (annotations[USE] === undefined) return 'copy';
  // It was asked for by what an attempt has seen that was cut off.
  if (annotations[STATUS] === ('InProgress' satisfies CopyStatus)) return 'go-on';
  const asked = annotations[TRIGGER];
  return asked === undefined || asked === '' || asked === annotations[ANSWERED] ? 'wait' : { answer: asked };
}

/**
 * Waits until a copy is asked for, where the claim says that it is to be.
 * @returns what is to be called once the copy is made; undefined where nobody asks
 * @throws TidemarkError `NotReady` where it takes longer than the agent's limit: the next sync waits on
 */
export async function awaitCopyTrigger(
  place: ReadyPlace,
  signal: AbortSignal | undefined,
): Promise<(() => Promise<void>) | undefined> {
  const { cluster, namespace, name, volume } = place;
  const reference = referTo('PersistentVolumeClaim', namespace, name);
  const annotate = async (annotations: Record<string, string | null>) =>
    void (await cluster.api.patch<PersistentVolumeClaim>(reference, { metadata: { annotations } }));
  const look = async (): Promise<Found<'copy' | 'answered'>> => {
    const claim = await cluster.api.read<PersistentVolumeClaim>(reference);
    if (!claim) return { failed: 'somebody deleted the claim' };
    const { annotations = {} } = claim.metadata;
    const judged = judgeTrigger(annotations);
    if (judged === 'copy') return { done: 'copy' };
    if (judged === 'go-on') return { done: 'answered' };
    if (judged !== 'wait') {
      await annotate({ [ANSWERED]: judged.answer, [STATUS]: 'InProgress', [SINCE]: null });
      return { done: 'answered' };
    }
    if (annotations[STATUS] !== 'WaitingForTrigger')
      await annotate({
        [STATUS]: 'WaitingForTrigger',
        [SINCE]: new Date().toISOString().replace(/\.\d+/, ''),
      });
    return { pending: [`it waits for another value of its annotation ${TRIGGER}`] };
  };
  const found = await waitFor(
    {
      ...{ cluster, namespace, volume: volume.path, about: [] },
      what: `copy-trigger of pvc ${name}`,
      late: `was not modified; Timed out waiting for copy-trigger to be modified for pvc ${name}`,
      hint: `ask for a copy: kubectl annotate pvc ${name} --namespace ${namespace} --overwrite ${TRIGGER}=$(date +%s)`,
      ...(signal && { signal }),
    },
    look,
  );
  return found === 'copy' ? undefined : () => annotate({ [STATUS]: 'Completed' });
}

/** Makes the live replica equal to one of its recovery points, in place: whoever names the claim finds it as before. */
import type { Volume } from '../../model/records';
import type { Host, Runner, RunResult } from '../../hosts/contract';
import { NOT_CONTENT } from '../../trees/own-entries';
import { toolFailed } from '../../hosts/run-checked';
import { separateForeignLinks } from '../shared/foreign-links';
import { withLock } from '../shared/lock';
import { openPoint } from './point-copy';
import { checkUnused } from './claims';
import { findReadyPlace, modeOf, type ReadyPlace } from './place';
import { SECOND_DEVICE, SECOND_FOLDER, VOLUME_DEVICE, VOLUME_FOLDER } from './pod-spec';
import type { MoverPods } from './pods';
import { findRecord } from './points';
import { forgetReplica, lookAtReplica } from './replica';
import { withLive } from './reach';

/** Everything that a tree consists of, and contents, whatever sizes and times say. */
const COPY = ['rsync', '-aHAXS', '--numeric-ids', '-x', '--modify-window=-1', '--delete', '--checksum'];
const EXCLUDED = NOT_CONTENT.map((name) => `--exclude=/${name}`);
/** In place, and only what differs. */
const COPY_DEVICE = ['rsync', '--copy-devices', '--write-devices', '--inplace', '--no-whole-file'];

/** `rollback` of the volume contract. */
export async function rollback(
  pods: MoverPods,
  host: Host,
  volume: Volume,
  request: { relationship: string; pointId: string; signal?: AbortSignal },
): Promise<void> {
  const { relationship, pointId, signal } = request;
  await withLock(`points:${host.home}:${volume.path}:${relationship}`, async () => {
    const place = await findReadyPlace(host, volume);
    await checkUnused(place);
    const { snapshot } = await findRecord(place, relationship, pointId);
    // Of a `Direct` point the replica is all there is.
    if (!snapshot || (await isAt(pods, place, request))) return;
    const copy = await openPoint(pods, place, relationship, pointId);
    try {
      await pods.drop(place.namespace, place.name);
      await forgetReplica(host, relationship);
      const mode = modeOf(place.pvc);
      const claims = { claimName: place.name, from: copy.claimName };
      const pod = { ...{ place, mode, readOnly: false, relationship, ...claims }, ...(signal && { signal }) };
      const { open, giveBack } = await pods.use(pod);
      try {
        await copyBack(place, open.runner, mode, signal);
      } finally {
        giveBack();
        await pods.end(place.namespace, place.name);
      }
    } finally {
      await copy.close();
    }
  });
}

/** The replica is in the state of this point: nobody wrote to it since that was made. */
async function isAt(
  pods: MoverPods,
  place: ReadyPlace,
  { relationship, pointId, signal }: Parameters<typeof rollback>[3],
): Promise<boolean> {
  if (modeOf(place.pvc) === 'Block') return false;
  const { equal } = await withLive(pods, place, { relationship }, (reach) =>
    lookAtReplica(place, reach, relationship, pointId, signal),
  );
  return equal;
}

const PARTIAL = 23;
const OWN_FOLDER = new RegExp(
  `^rsync: \\[\\w+\\] (?:failed to set \\w+ on|ch(?:own|grp)) "${VOLUME_FOLDER}/?\\.?"`,
);

/**
 * Where movers are not root, the volume's own folder is not theirs: what it is like stays as its storage has it. Pure.
 * @param result of rsync
 */
export function isOwnFolderAlone({ exitCode, stderr }: Pick<RunResult, 'exitCode' | 'stderr'>): boolean {
  const failures = stderr.split('\n').filter((line) => /^rsync: /.test(line));
  return exitCode === PARTIAL && failures.length > 0 && failures.every((line) => OWN_FOLDER.test(line));
}

async function copyBack(
  { volume }: ReadyPlace,
  runner: Runner,
  mode: 'Filesystem' | 'Block',
  signal?: AbortSignal,
): Promise<void> {
  const attempt = `rollback:${runner.name}`;
  const options = { attempt, ...(signal && { signal }) };
  const run = async (argv: string[]) => {
    const result = await runner.run(argv, options);
    if (result.exitCode !== 0 && !isOwnFolderAlone(result))
      throw toolFailed(runner, argv, result, volume.path);
  };
  await runner.endAttempts(attempt);
  if (mode === 'Block') {
    await run([...COPY_DEVICE, '--', SECOND_DEVICE, VOLUME_DEVICE]);
    // Not blockdev --flushbufs, which wants rights over the whole system.
    await run(['sync', '--', VOLUME_DEVICE]);
    return;
  }
  await separateForeignLinks({ host: runner, volume }, VOLUME_FOLDER, SECOND_FOLDER, options);
  await run([...COPY, ...EXCLUDED, '--', `${SECOND_FOLDER}/`, `${VOLUME_FOLDER}/`]);
  await run(['sync', '-f', '--', VOLUME_FOLDER]);
}

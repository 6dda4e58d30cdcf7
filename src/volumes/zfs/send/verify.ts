/** Proves a recovery point: by its identity that it is a state of the source, by its checksums that it is whole. */
import type { Host } from '../../../hosts/contract';
import { pipeChecked } from '../../../hosts/run-checked';
import { prepareSsh } from '../../../landings/ssh-client';
import type { Comparison, Difference } from '../../../model/records';
import { TidemarkError } from '../../../model/errors';
import { differsFromNewest, findReadyPlace, flush, ownSnapshots, type Place } from '../place';
import { type Entry, numberOf } from '../listing';
import { runZfs } from '../tools';
import type { Mover } from '../../../movers/contract';
import { transferAttempt } from '../../../movers/shared/names';
import { ProgressMeter } from '../../../movers/shared/progress';
import { classifyStream } from './classify';
import { readDelta } from '../../../movers/rsync/compare-trees';
import { landingOf } from '../../../movers/shared/told';
import { compareFiles } from './delta';
import { readCopied, readStreamIdentity } from './output';
import { describeLink } from '../../../movers/shared/link';
import { SSH } from './transfer';

type VerifyRequest = Parameters<Mover['verify']>[1];

const HEAD_BYTES = 48;

/** `verify` of the mover contract. Of a point that was made by comparing files, these are compared. */
export async function verify(host: Host, request: VerifyRequest): Promise<Comparison> {
  if (readDelta(request.opened)) return await compareFiles(host, request);
  const changes = await findChanges(host, request);
  const damage = request.quick ? [] : await readPoint(host, request);
  const differences = [...damage, ...changes.differences];
  return { differences, total: differences.length, unexplained: damage.length, bytes: changes.bytes };
}

/** What the volume changed since it was in the point's state. A quick comparison must know that state here. */
async function findChanges(
  host: Host,
  { volume, identity, quick, signal }: VerifyRequest,
): Promise<{ differences: Difference[]; bytes: number }> {
  await flush({ host, volume });
  const place = await findReadyPlace(host, volume);
  const base = ownSnapshots(place).find(({ properties }) => properties['guid'] === identity);
  if (!base) {
    if (!quick) return { differences: [], bytes: 0 };
    throw new TidemarkError(
      'BaseLost',
      'the volume does not hold the state of that recovery point any more',
      {
        host: host.name,
        volume: volume.path,
        hint: 'what it changed since can not be told; see: zfs list -t snapshot',
      },
    );
  }
  const bytes = await countChanges(place, base, signal);
  const difference: Difference = { path: volume.path, what: ['content'], changedSince: true };
  return bytes === 0 ? { differences: [], bytes: 0 } : { differences: [difference], bytes };
}

/** Bytes written since a snapshot, live ones too. */
async function countChanges(place: Place, base: Entry, signal: AbortSignal): Promise<number> {
  const { volume, features, dataset } = place;
  if (features.written) {
    const { stdout } = await runZfs(place, ['get', '-Hp', '-o', 'value', `written@${base.own}`, volume.path]);
    return Number(stdout.toString()) || 0;
  }
  const newest = ownSnapshots(place).at(-1);
  const live = newest && dataset && differsFromNewest(place, volume.path) ? numberOf(newest, 'used') : 0;
  if (!newest || newest.name === base.name) return live;
  // This ZFS does not count: the stream in between is as long as what changed.
  const send = ['zfs', 'send', '-i', base.name, newest.name];
  const count = ['dd', 'bs=1M', 'of=/dev/null'];
  const counted = await pipeChecked(place.host, [send, count], { signal }, volume.path);
  const bytes = readCopied(counted.stderr) ?? 0;
  return live + (bytes > 2048 ? bytes : 0);
}

/** Reads the point to its end. Answers what is wrong with it. */
async function readPoint(host: Host, request: VerifyRequest): Promise<Difference[]> {
  const { id, opened, identity, signal, onProgress } = request;
  const landing = landingOf(opened);
  const attempt = transferAttempt(host.home, id);
  await host.endAttempts(attempt);
  const cwd = await prepareSsh(host, host, id, landing);
  const meter = new ProgressMeter({ onProgress, now: () => performance.now() });
  let head = Buffer.alloc(0);
  let bytes = 0;
  const onStdout = (chunk: Buffer) => {
    if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)]);
    bytes += chunk.length;
    meter.update({ bytes });
  };
  const ssh = await host.run(SSH, { cwd, signal, attempt, onStdout, maxOutputBytes: 64 * 1024 });
  const found = readStreamIdentity(head);
  if (ssh.exitCode === 0 && found === identity) return [];
  const damage = (path: string): Difference[] => [{ path, what: ['content'], changedSince: false }];
  if (ssh.exitCode === 0)
    return damage(`the recovery point is another state than ${identity}: ${found ?? 'none'}`);
  const isDamaged = /I\/O error|Input\/output error|checksum|Invalid exchange|corrupt/i.test(ssh.stderr);
  if (isDamaged) return damage(ssh.stderr.trim().slice(0, 500));
  throw classifyStream({
    ...(await describeLink(host, id, landing)),
    sourcePath: request.reach.path,
    send: { exitCode: 0, stderr: '' },
    ssh,
  });
}

/**
 * The link between two hosts is cut in the middle of a file of 256 MiB, and mended once both ends have
 * noticed. The sync completes by itself, and what was there already is not sent again: the kernel
 * counts the bytes on the link.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomFillSync } from 'node:crypto';
import { promisify } from 'node:util';
import { TestFilesystem } from '../support/storage/filesystems';
import { TwoHosts } from '../support/hosts/netns';
import { eventually, TestSystem } from '../support/system/system';
import { MIB, Watched } from './watched';

const exec = promisify(execFile);
const FILE_BYTES = 256 * MIB;

let hosts: TwoHosts;
let memory: TestFilesystem;
let system: TestSystem;

/** Bytes that nothing can compress, nor find twice. */
async function writeRandomFile(path: string): Promise<void> {
  const file = createWriteStream(path);
  const chunk = Buffer.alloc(8 * MIB);
  for (let written = 0; written < FILE_BYTES; written += chunk.length) {
    randomFillSync(chunk);
    if (!file.write(Buffer.from(chunk))) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

const bytesOnLink = async () => (await hosts.bytesSent('a')) + (await hosts.bytesSent('b'));

beforeAll(async () => {
  hosts = await TwoHosts.make();
  memory = await TestFilesystem.make('tmpfs', { size: '2G' });
  const agent = (side: 'a' | 'b') => ({
    options: ['--listen', hosts.address(side), '--address', hosts.address(side)],
    wrap: (argv: string[]) => hosts.inside(side, argv),
    temporalHost: hosts.management(side),
  });
  system = await TestSystem.start({ temporalIp: '0.0.0.0', agents: { alpha: agent('a'), beta: agent('b') } });
  await mkdir(join(memory.mountPoint, 'source'));
  await writeRandomFile(join(memory.mountPoint, 'source', 'big'));
}, 120_000);

afterAll(async () => {
  await system.stop();
  await memory.dispose();
  await hosts.remove();
}, 60_000);

/** One attempt has failed; the sync has not given up. */
async function attemptFailed({ name }: Watched): Promise<void> {
  const failed = async () =>
    (await system.log('agent:alpha')).some(
      ({ msg, relationship }) => relationship === name && String(msg).startsWith('transfer failed'),
    );
  await eventually('an attempt has failed', async () => ((await failed()) ? true : undefined));
}

/** The sync has given up, and says what a person would look at. */
async function syncFailed(watched: Watched): Promise<void> {
  await watched.untilFailed('HostUnreachable', 0, 120_000);
  const [failed] = await watched.history();
  expect(failed).toMatchObject({ result: 'failed', targets: [{ errorType: 'HostUnreachable' }] });
  expect((await watched.describe()).replaceAll(/\s+/g, ' ')).toMatch(
    /host beta can't be reached at 10\.\S+ .* What to do: is the target's agent running, and is this address and port open/,
  );
}

// In place, and beside the old file where no recovery point would keep that meanwhile.
test.each([
  ['HardLink', 'until an attempt has failed', attemptFailed],
  ['Direct', 'until the whole sync has failed', syncFailed],
] as const)(
  'a link that is cut at half of a big file costs no more than a tenth of it (%s, %s)',
  async (copyMethod, _until, noticed) => {
    const name = `cut-${copyMethod.toLowerCase()}`;
    const target = join(memory.mountPoint, name, 'target');
    const watched = new Watched(system, name, join(memory.mountPoint, 'source'), target);
    const before = await bytesOnLink();
    await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: ${name} }
spec:
  source: { host: alpha, directory: ${watched.source} }
  targets: [{ host: beta, directory: ${target}, copyMethod: ${copyMethod} }]
  mover: { rsync: { bandwidthLimit: 40MiB } }
`);
    await eventually('half of the file is over', async () =>
      (await bytesOnLink()) - before >= FILE_BYTES / 2 ? true : undefined,
    );
    await hosts.cutLink();
    await noticed(watched);
    await hosts.mendLink();
    const status = await watched.untilSucceeded(0);
    expect((await bytesOnLink()) - before).toBeLessThanOrEqual(1.1 * FILE_BYTES);
    await exec('cmp', [join(watched.source, 'big'), join(target, 'big')]);
    const newest = status.targets[0]?.recoveryPoint ?? '';
    if (copyMethod === 'HardLink') {
      const point = (await watched.points()).get(newest) ?? 'none';
      await exec('cmp', [join(watched.source, 'big'), join(point, 'big')]);
    }
    const [newestEntry] = await watched.history();
    expect(newestEntry).toMatchObject({ result: 'succeeded' });
    if (noticed === attemptFailed) expect(newestEntry?.targets[0]?.attempts).toBeGreaterThanOrEqual(2);
    expect((await watched.get()).targets[0]).toMatchObject({ result: 'succeeded', lastError: null });
  },
  240_000,
);

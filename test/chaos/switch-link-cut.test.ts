/** Changes of the primary between two hosts whose link is cut, and what a way back sends, as the kernel counts it. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Price } from '../../src/model/price';
import type { FailoverResult, ReverseResult } from '../../src/api/messages';
import { TestFilesystem } from '../support/storage/filesystems';
import { TwoHosts } from '../support/hosts/netns';
import { awaitEnd, carryOut, start, untilStatus, update } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { tell } from '../support/tell';
import { syncWell, writeDocument } from '../support/system/user';
import { MIB } from './watched';
import { describeTree, diffTrees } from './world';

const BIG_BYTES = 48 * MIB;

let hosts: TwoHosts;
let disk: TestFilesystem;
let system: TestSystem;

beforeAll(async () => {
  hosts = await TwoHosts.make();
  disk = await TestFilesystem.make('ext4', { size: '2G' });
  const agent = (side: 'a' | 'b') => ({
    options: ['--listen', hosts.address(side), '--address', hosts.address(side)],
    wrap: (argv: string[]) => hosts.inside(side, argv),
    temporalHost: hosts.management(side),
  });
  system = await TestSystem.start({ temporalIp: '0.0.0.0', agents: { alpha: agent('a'), beta: agent('b') } });
}, 120_000);

afterAll(async () => {
  await system.stop();
  await disk.dispose();
  await hosts.remove();
}, 60_000);

const bytesOnLink = async () => (await hosts.bytesSent('a')) + (await hosts.bytesSent('b'));

async function overwrite(path: string, from: number, bytes: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(randomBytes(bytes), 0, bytes, from);
  await file.close();
}

/** A relationship with one big file and some small ones, in step. */
async function setUp(name: string, bandwidthLimit?: string) {
  const [alpha, beta] = [join(disk.mountPoint, 'a', name), join(disk.mountPoint, 'b', name)];
  await mkdir(alpha, { recursive: true });
  await writeFile(join(alpha, 'big'), randomBytes(BIG_BYTES));
  for (let number = 0; number < 100; number++)
    await writeFile(join(alpha, `small-${number}`), `${number}`.repeat(500));
  const document = (limit?: string) =>
    writeDocument(name, {
      source: { host: 'alpha', directory: alpha },
      targets: [{ host: 'beta', directory: beta }],
      ...(limit !== undefined && { mover: { rsync: { bandwidthLimit: limit } } }),
    });
  await system.apply(document());
  await untilStatus(system, name, 'it is in step', ({ lastSync }) => lastSync?.result === 'succeeded');
  if (bandwidthLimit !== undefined) {
    await system.apply(document(bandwidthLimit));
    await untilStatus(system, name, 'nothing runs', ({ operation }) => !operation);
  }
  return { alpha, beta };
}

async function expectEqual(one: string, other: string): Promise<void> {
  expect(diffTrees(await describeTree(one), await describeTree(other))).toEqual([]);
}

const untilSent = (before: number, bytes: number) =>
  eventually('some of it was sent', async () => ((await bytesOnLink()) - before > bytes ? true : undefined));

it('goes back with at most 1.5 times the bytes that were changed on either side', async () => {
  const { alpha, beta } = await setUp('delta');
  await overwrite(join(alpha, 'big'), 40 * MIB, MIB);
  await carryOut<FailoverResult>(system, 'delta', 'failover');
  await overwrite(join(beta, 'big'), 8 * MIB, 4 * MIB);
  await writeFile(join(beta, 'small-7'), 'changed');
  const before = await bytesOnLink();
  const { diverged } = await carryOut<ReverseResult>(system, 'delta', 'reverse', { acceptDiverged: true });
  const sent = (await bytesOnLink()) - before;
  tell(`reverse: ${sent} bytes on the link for ${5 * MIB} changed: ${(sent / 5 / MIB).toFixed(2)} ×`);
  expect(sent).toBeLessThanOrEqual(1.5 * 5 * MIB);
  expect(diverged?.diverged).toBe(true);
  await expectEqual(alpha, beta);
});

it('goes back by itself though the link is cut in the middle of it', async () => {
  const { alpha, beta } = await setUp('back', '1MiB');
  await carryOut<FailoverResult>(system, 'back', 'failover');
  await overwrite(join(beta, 'big'), 0, 12 * MIB);
  const before = await bytesOnLink();
  const reverse = await start(system, 'back', 'reverse');
  await untilSent(before, 4 * MIB);
  await hosts.cutLink();
  await untilStatus(system, 'back', 'it is the primary still', ({ direction }) => direction === 'reversed');
  await new Promise((done) => setTimeout(done, 5_000));
  await hosts.mendLink();
  const { failure } = await awaitEnd(system, reverse);
  expect(failure).toBeUndefined();
  await expectEqual(alpha, beta);
}, 300_000);

it('stays where it is when the link is cut in the middle of a relocation, and moves once it is mended', async () => {
  const { alpha, beta } = await setUp('move', '1MiB');
  await overwrite(join(alpha, 'big'), 0, 12 * MIB);
  const before = await bytesOnLink();
  const relocation = await start(system, 'move', 'relocate');
  await untilSent(before, 4 * MIB);
  await hosts.cutLink();
  try {
    const { failure } = await awaitEnd(system, relocation);
    expect(failure).toMatch(/HostUnreachable|TransferInterrupted/);
    expect(await system.status('move')).toMatchObject({ direction: 'forward' });
    await writeFile(join(alpha, 'small-1'), 'the service goes on');
  } finally {
    await hosts.mendLink();
  }
  await untilStatus(
    system,
    'move',
    'it is in step again',
    ({ lastSync, operation }) => lastSync?.result === 'succeeded' && !operation,
  );
  await carryOut(system, 'move', 'relocate');
  expect(await readFile(join(beta, 'small-1'), 'utf8')).toBe('the service goes on');
  await expectEqual(alpha, beta);
}, 400_000);

it('fails over while the hosts are cut off from each other, says what is not known, and fences all the same', async () => {
  const { alpha, beta } = await setUp('apart');
  await writeFile(join(alpha, 'late'), 'never sent');
  await hosts.cutLink();
  try {
    const price = await update<Price>(system, 'apart', 'price');
    expect(price.changed).toBeNull();
    expect(price.unknown.join()).toContain('what was written at the source since');
    const { takeover } = await carryOut<FailoverResult>(system, 'apart', 'failover');
    expect(takeover).toMatchObject({ target: 'beta', fenced: true });
    await writeFile(join(beta, 'small-1'), 'at beta');
  } finally {
    await hosts.mendLink();
  }
  await syncIsRefused('apart');
  await carryOut(system, 'apart', 'reverse', { acceptDiverged: true });
  expect(await readFile(join(alpha, 'small-1'), 'utf8')).toBe('at beta');
  await syncWell(system, 'apart');
  await expectEqual(alpha, beta);
}, 300_000);

/** Nothing is sent over what a failover has made the primary, whoever asks. */
async function syncIsRefused(name: string): Promise<void> {
  const { exitCode } = await system.cli(['sync', name, '--wait']);
  expect(exitCode).toBe(3);
}

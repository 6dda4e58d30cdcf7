/** What somebody pushes to us is kept in stores, pushed on to somebody else, and fetched from a bucket in between. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RestoreResult, VerifyResult } from '../../src/api/messages';
import type { RelationshipInput } from '../../src/model/spec';
import { reservePorts } from '../support/hosts/ports';
import { ended, Pusher, waitFor } from '../support/rigs/door-rig';
import { PeerServer } from '../support/stores/peer-server';
import { addRcloneToPath, type Served, serveS3, writeConfig } from '../support/stores/rclone';
import { addResticToPath, writeCredentials } from '../support/stores/restic';
import { untilStatus } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { applyAndSync, approveAndSync, syncNow, syncWell, writeDocument } from '../support/system/user';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { sample } from '../support/sample';

jest.setTimeout(240_000);

const SLOWLY = { bandwidthLimit: '2MiB' };
const KINDS = ['bucket', 'repository', 'peer', 'through'] as const;
type Kind = (typeof KINDS)[number];

let folder: string;
let system: TestSystem;
let store: Served;
let server: PeerServer;
let far: string;
const pushers = new Map<Kind, Pusher>();
const at = (...names: string[]) => join(folder, ...names);

/** @param more of where it is kept first */
function targetsOf(kind: Kind, more: object): Pick<RelationshipInput['spec'], 'targets' | 'through'> {
  const reader = { host: 'gamma', directory: at(kind, 'copy') };
  switch (kind) {
    case 'bucket':
      return { targets: [{ bucket: 'store:company/bucket', credentials: 's3', ...more }] };
    case 'repository':
      return { targets: [{ repository: at('restic'), credentials: 'restic', ...more }] };
    case 'peer':
      return { targets: [{ peer: server.url('root', `${far}/wiki`), credentials: 'friend', ...more }] };
    case 'through':
      return { through: { bucket: 'store:company/hub', credentials: 's3', ...more }, targets: [reader] };
  }
}

const pusherOf = (kind: Kind): Pusher => {
  const pusher = pushers.get(kind);
  if (!pusher) throw new Error(`nobody pushes for ${kind}`);
  return pusher;
};

const spec = (kind: Kind, more = {}): RelationshipInput['spec'] => ({
  source: {
    ...{ host: 'beta', peer: `ssh://127.0.0.1:${pusherOf(kind).port}${at(kind, 'incoming')}` },
    credentials: `nas-${kind}`,
  },
  ...targetsOf(kind, more),
  guards: { maxDeletes: '10%' },
  retain: { last: 9 },
});

beforeAll(async () => {
  addRcloneToPath();
  addResticToPath();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-door-stores-'));
  const [port = 0, ...ports] = await reservePorts(1 + KINDS.length);
  store = await serveS3(at('served'), port);
  server = await PeerServer.start({ isRootAlone: true });
  far = await server.makeFolder('volume1');
  await writeConfig(at('credentials'), 's3', store.config);
  await writeCredentials(at('credentials'), 'restic', { RESTIC_PASSWORD: 'correct horse, battery' });
  await server.letIn(at('credentials'), 'friend');
  for (const [index, kind] of KINDS.entries()) {
    const pusher = new Pusher(at(kind), ports[index] ?? 0);
    await mkdir(at(kind, 'incoming'), { recursive: true });
    await mkdir(at('credentials', `nas-${kind}`), { recursive: true });
    const keys = at('credentials', `nas-${kind}`, 'authorized_keys');
    await writeFile(keys, await pusher.prepare(), { mode: 0o644 });
    await makeNastyTree(pusher.at('tree'));
    await writeFile(pusher.at('page'), 'one');
    pushers.set(kind, pusher);
  }
  const options = ['--credentials', at('credentials')];
  system = await TestSystem.start({ agents: { beta: { options }, gamma: { options } } });
});
afterAll(async () => {
  await system?.stop();
  await store?.stop();
  await server?.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Where it is kept first. */
const targetOf = (kind: Kind) => (kind === 'through' ? 'bucket' : kind);
/** The oldest first. */
const pointsOf = async (kind: Kind) =>
  (await system.points(kind))
    .filter(({ target }) => target === targetOf(kind))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1));
const untilIdle = (kind: Kind) =>
  untilStatus(system, kind, 'nothing runs', ({ operation, fetches }) => !operation && !fetches);

/** Pushes, and waits until that has become a point by itself. @returns its id */
async function pushAndWait(kind: Kind): Promise<string> {
  const before = new Date().toISOString();
  expect(await pusherOf(kind).push()).toMatchObject({ code: 0 });
  const after = new Date().toISOString();
  const point = await eventually(`${kind} has a point of it`, async () =>
    (await pointsOf(kind)).find(({ capturedAt }) => capturedAt >= before && capturedAt <= after),
  );
  await untilIdle(kind);
  return point.id;
}

async function restored(kind: Kind, point: string): Promise<string> {
  const to = at('restored', `${kind}-${point}`);
  await system.json<RestoreResult>(
    ...['restore', kind, '--target', targetOf(kind), '--point', point, '--to', `beta:${to}`, '--yes'],
  );
  return to;
}

describe.each(sample(KINDS, 1))('kept in a %s', (kind) => {
  it('waits for the first push', async () => {
    const { targets } = await applyAndSync(system, kind, spec(kind));
    expect(new Set(targets.map(({ failure }) => failure?.type))).toEqual(new Set(['PushAwaited']));
    expect(await pointsOf(kind)).toEqual([]);
  });

  it('becomes a point by itself, as old as the push, whole to the last byte', async () => {
    const point = await pushAndWait(kind);
    const target = targetOf(kind);
    const verified = await system.json<VerifyResult>('verify', kind, '--target', target);
    expect(verified).toMatchObject({ equal: true, totalDifferences: 0 });
    expect(await compareTrees(pusherOf(kind).at(''), await restored(kind, point))).toEqual([]);
    // A later sync of the same push makes it no younger.
    const [{ capturedAt } = {}] = await pointsOf(kind);
    expect((await syncWell(system, kind)).capturedAt).toBe(capturedAt);
  });

  it('is no point before the push is whole', async () => {
    const pusher = pusherOf(kind);
    const points = await pointsOf(kind);
    await writeFile(pusher.at('page'), 'half');
    await writeFile(pusher.at('big'), randomBytes(2 ** 21));
    const pushing = pusher.begin(['--bwlimit=500']);
    await waitFor('it writes', async () =>
      (await readdir(at(kind, 'incoming'))).some((name) => name.startsWith('.big')) ? true : undefined,
    );
    const { targets } = await syncNow(system, kind);
    expect(targets[0]?.failure?.message).toContain('a push is under way, since');
    pushing.kill('SIGKILL');
    await eventually('it is told that the push was broken off', async () => {
      const { failure } = (await syncNow(system, kind)).targets[0] ?? {};
      return /broken off|without success/.test(failure?.message ?? '') ? true : undefined;
    });
    expect(await pointsOf(kind)).toEqual(points);
  });

  it('stays as it is while it is read: the next push waits, and is kept as well', async () => {
    const pusher = pusherOf(kind);
    await pushAndWait(kind);
    await system.apply(writeDocument(kind, spec(kind, SLOWLY)));
    await untilIdle(kind);
    const pages: { page: string; pushedAt: string }[] = [];
    for (const page of ['second', 'third']) {
      await writeFile(pusher.at('big'), randomBytes(2 ** 22));
      await writeFile(pusher.at('page'), page);
      const pushing = pusher.begin();
      let told = '';
      pushing.stderr?.on('data', (chunk: Buffer) => (told += chunk.toString()));
      const done = ended(pushing);
      if (page === 'third') {
        await waitFor('it is told to wait', () => (told.includes('being copied') ? true : undefined));
        expect(await readFile(at(kind, 'incoming/page'), 'utf8')).toBe('second');
      }
      expect(await done).toMatchObject({ code: 0 });
      pages.push({ page, pushedAt: new Date().toISOString() });
    }
    const [second, third] = await eventually('both are kept', async () => {
      const made = await pointsOf(kind);
      const newest = made.findLast(({ capturedAt }) => capturedAt <= (pages[1]?.pushedAt ?? ''));
      const before = made.findLast(({ capturedAt }) => capturedAt <= (pages[0]?.pushedAt ?? ''));
      // A peer keeps the newest alone.
      const isThere = newest && newest.id !== before?.id && (before || kind === 'peer');
      return isThere ? [before, newest] : undefined;
    });
    await system.apply(writeDocument(kind, spec(kind)));
    await untilIdle(kind);
    for (const [point, page] of [
      [second, 'second'],
      [third, 'third'],
    ] as const) {
      if (!point) continue;
      const to = await restored(kind, point.id);
      expect(await readFile(join(to, 'page'), 'utf8')).toBe(page);
      if (page === 'third') expect(await compareTrees(pusher.at(''), to)).toEqual([]);
    }
  });

  it('loses nothing that they lost without being asked', async () => {
    const pusher = pusherOf(kind);
    const points = await pointsOf(kind);
    await rm(pusher.at('tree'), { recursive: true });
    expect(await pusher.push()).toMatchObject({ code: 0 });
    await untilStatus(system, kind, 'it asks', ({ phase }) => phase === 'WaitingForApproval');
    expect(await pointsOf(kind)).toEqual(points);
    await untilIdle(kind);
    expect(await approveAndSync(system, kind)).toMatchObject({ result: 'succeeded' });
    const newest = (await pointsOf(kind)).at(-1)?.id ?? '';
    expect(await compareTrees(pusher.at(''), await restored(kind, newest))).toEqual([]);
  });
});

it('keeps nobody who pushes waiting for who fetches', async () => {
  const pusher = pusherOf('through');
  await system.apply(writeDocument('through', spec('through')));
  // Its door is open when a sync has ended, and has waited for a push if there was none.
  await syncNow(system, 'through');
  await writeFile(pusher.at('page'), 'fetched');
  await pushAndWait('through');
  await system.kill('agent:gamma');
  await writeFile(pusher.at('page'), 'fetched late');
  expect(await pusher.push()).toMatchObject({ code: 0 });
  const { fetches } = await untilStatus(
    system,
    'through',
    'it is in the bucket',
    (status) => !!status.fetches,
  );
  await writeFile(pusher.at('page'), 'later');
  expect(await pusher.push()).toMatchObject({ code: 0 });
  // Gamma, which nobody speaks for, is waited for still.
  expect((await system.status('through')).fetches).toEqual(fetches);
  system.launch('agent:gamma');
  await eventually('gamma has it', async () =>
    (await readFile(at('through', 'copy', 'page'), 'utf8')) === 'later' ? true : undefined,
  );
});

/** How a repository of restic is reached: with its keys, or with words why not; through locks, and stores that come and go. */
import { spawn } from 'node:child_process';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Volume } from '../../src/model/records';
import { reservePorts } from '../support/hosts/ports';
import { PASSWORD, useRepositories } from '../support/rigs/repository-rig';
import { serveRest, writeCredentials } from '../support/stores/restic';
import { TARGET } from './volume-fixture';

const stage = useRepositories();
const matching = (text: string) => expect.stringContaining(text) as unknown;

it('lies in a store that lets nobody in without its keys, goes away, and comes back', async () => {
  const keys = { RESTIC_PASSWORD: PASSWORD, RESTIC_REST_USERNAME: 'u', RESTIC_REST_PASSWORD: 'p' };
  await writeCredentials(join(stage.folder, 'credentials'), 'rest', keys);
  const [port = 0] = await reservePorts(1);
  const store = join(stage.folder, 'store');
  await mkdir(store);
  let server = await serveRest(store, port);
  try {
    stage.rig.volume = { kind: 'repository', path: server.url, options: { credentials: 'rest' } };
    await writeFile(join(stage.rig.source, 'page'), 'one');
    const { point } = await stage.rig.sync(1);
    await expect(
      stage.rig.driver.inspect(stage.rig.host, {
        ...stage.rig.volume,
        path: `${stage.rig.volume.path}/`,
        options: { credentials: 'good' },
      }),
    ).rejects.toMatchObject({ type: 'AuthRejected', message: 'the store does not let this agent in' });
    await server.stop();
    await expect(stage.rig.send(2)).rejects.toMatchObject({ type: 'HostUnreachable' });
    server = await serveRest(store, port);
    await stage.rig.sync(3);
    await stage.rig.withTree(point.id, async (path) => expect(await readdir(path)).toEqual(['page']));
  } finally {
    await server.stop();
  }
});

it('is given up soon where its store does not answer', async () => {
  const away: Volume = { ...stage.rig.volume, path: 'rest:http://127.0.0.1:9/wiki' };
  const startedAt = performance.now();
  await expect(stage.rig.driver.inspect(stage.rig.host, away)).rejects.toMatchObject({
    type: 'HostUnreachable',
    details: { toolMessage: matching('connection refused'), hint: matching('resumes by itself') },
  });
  // restic itself goes on for a quarter of an hour.
  expect(performance.now() - startedAt).toBeLessThan(60_000);
});

it('shows its keys to no other store than the one that they are for', async () => {
  const only = { RESTIC_PASSWORD: PASSWORD, RESTIC_REPOSITORY: '/srv/restic' };
  await writeCredentials(join(stage.folder, 'credentials'), 'only', only);
  const other: Volume = { ...stage.rig.volume, options: { credentials: 'only' } };
  await expect(stage.rig.driver.inspect(stage.rig.host, other)).rejects.toMatchObject({
    type: 'AuthRejected',
    message: 'credentials only are for /srv/restic alone',
  });
  const beside: Volume = {
    kind: 'repository',
    path: '/srv/restic-of-others',
    options: { credentials: 'only' },
  };
  await expect(stage.rig.driver.inspect(stage.rig.host, beside)).rejects.toMatchObject({
    type: 'AuthRejected',
  });
});

it('has no credentials that others may read', async () => {
  await writeCredentials(join(stage.folder, 'credentials'), 'open', { RESTIC_PASSWORD: PASSWORD });
  await chmod(join(stage.folder, 'credentials', 'open'), 0o640);
  const other: Volume = { ...stage.rig.volume, options: { credentials: 'open' } };
  await expect(stage.rig.driver.inspect(stage.rig.host, other)).rejects.toMatchObject({
    type: 'AuthRejected',
    details: { hint: matching('chmod 600') },
  });
});

it('tells a repository that is missing from a password that is wrong, and never makes a second one', async () => {
  expect(await stage.rig.driver.inspect(stage.rig.host, stage.rig.volume)).toMatchObject({ exists: false });
  expect(await stage.rig.points()).toEqual([]);
  await stage.rig.driver.claim(stage.rig.host, stage.rig.volume, TARGET);
  expect(await stage.rig.driver.inspect(stage.rig.host, stage.rig.volume)).toMatchObject({
    exists: true,
    empty: true,
  });
  const wrong = { ...stage.rig.volume, path: `${stage.rig.volume.path}/`, options: { credentials: 'bad' } };
  await expect(stage.rig.driver.claim(stage.rig.host, wrong, TARGET)).rejects.toMatchObject({
    type: 'AuthRejected',
    message: 'the password does not open the repository',
  });
  const none: Volume = { kind: 'repository', path: `${stage.rig.volume.path}/.` };
  await expect(stage.rig.driver.inspect(stage.rig.host, none)).rejects.toMatchObject({
    type: 'AuthRejected',
    message: matching('password'),
  });
});

it('is not kept by a lock whose owner is dead, and waits for one who lives', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  const { point } = await stage.rig.sync(1);
  const holdLock = () =>
    new Promise<ReturnType<typeof spawn>>((done) => {
      // An exclusive lock for as long as it reads its standard input.
      const child = spawn('restic', ['--repo', stage.rig.volume.path, 'backup', '--stdin', '--json'], {
        env: { ...process.env, RESTIC_PASSWORD: PASSWORD },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      child.stdout?.once('data', () => done(child));
      child.stdin?.write('x');
    });
  const dead = await holdLock();
  const gone = new Promise((done) => dead.once('exit', done));
  dead.kill('SIGKILL');
  await gone;
  await stage.rig.driver.prune(stage.rig.host, stage.rig.volume, {
    relationship: 'wiki',
    removePointIds: [],
  });
  await stage.rig.driver.markVerified(
    stage.rig.host,
    stage.rig.volume,
    'wiki',
    point.id,
    '2026-11-29T12:00:00.000Z',
  );
  const living = await holdLock();
  const ended = new Promise((done) => living.once('exit', done));
  let isHeld = true;
  setTimeout(() => {
    isHeld = false;
    living.stdin?.end();
  }, 3_000);
  await stage.rig.driver.markVerified(stage.rig.host, stage.rig.volume, 'wiki', point.id, null);
  expect(isHeld).toBe(false);
  await ended;
});

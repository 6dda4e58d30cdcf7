/**
 * Two agents for one host: the second is refused while the first lives, and may begin once it is gone,
 * however that happened. Where two run all the same, the data stays right.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { eventually, TestSystem } from '../support/system/system';
import { MIB, Watched } from './watched';
import { ChangingTree, makeRandom } from './world';

const BIN = resolve(__dirname, '../../bin/tidemark.mjs');

let system: TestSystem;
let tree: ChangingTree;
let watched: Watched;

beforeAll(async () => {
  system = await TestSystem.start();
  tree = new ChangingTree(join(system.folder, 'source'), makeRandom(7), 8 * MIB);
  await tree.create();
  watched = new Watched(system, 'twice', tree.root, join(system.folder, 'copies', 'target'));
  await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: twice }
spec:
  source: { host: alpha, directory: ${tree.root} }
  targets: [{ host: beta, directory: ${watched.target}, copyMethod: HardLink }]
  mover: { rsync: { bandwidthLimit: 8MiB } }
  retain: { last: 4 }
`);
  await watched.expectCurrent(await watched.untilSucceeded(0));
}, 120_000);

afterAll(() => system.stop(), 60_000);

const otherHome = (host: string) => join(system.folder, 'other-homes', host);

/** Starts an agent until it is refused. */
function runAgent(host: string, home: string) {
  return system.cli(['agent', '--host', host, '--home', home, '--listen', '127.0.0.1']);
}

/** Defines one more agent of a host, in another home. */
function defineOther(host: string, env: Record<string, string> = {}): string {
  const name = `other:${host}`;
  const home = otherHome(host);
  system.define(name, [process.execPath, BIN, 'agent', '--host', host, '--home', home], env);
  return name;
}

/**
 * An environment in which agents take a while between their look for others and their first request for
 * work, so that none of several sees another.
 */
async function makeSlowStart(): Promise<Record<string, string>> {
  const folder = join(system.folder, 'slow');
  await mkdir(folder);
  await writeFile(join(folder, 'id'), '#!/bin/sh\nsleep 8\nexec /usr/bin/id "$@"\n', { mode: 0o755 });
  return { PATH: `${folder}:${process.env.PATH ?? ''}` };
}

/** How often it has become ready. */
async function countReady(name: string): Promise<number> {
  return (await system.log(name)).filter(({ msg }) => String(msg).includes('is ready')).length;
}

const readLog = (name: string) => readFile(join(system.folder, 'log', `${name}.log`), 'utf8');

async function untilReady(name: string, before = 0): Promise<void> {
  const isReady = async () => ((await countReady(name)) > before ? true : undefined);
  await eventually(`${name} is ready`, isReady, 30_000);
}

test('a second agent on the same state is refused, naming the first', async () => {
  const { exitCode, stderr } = await runAgent('beta', system.agentHome('beta'));
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain(`is in use by process ${system.pid('agent:beta')}`);
  expect(stderr).toMatch(/end that process, or use another folder/);
}, 60_000);

test('a second agent for the same host with a state of its own is refused while the first lives', async () => {
  await mkdir(otherHome('beta'), { recursive: true });
  const { exitCode, stderr } = await runAgent('beta', otherHome('beta'));
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('another agent serves host beta');
  expect(stderr).toContain(String(system.pid('agent:beta')));
  await tree.change();
  await watched.expectCurrent(await watched.untilSucceeded(await watched.requestSync()));
}, 60_000);

test('once the first was killed, the second may begin at once, and goes on with its data', async () => {
  await system.kill('agent:beta');
  const other = defineOther('beta');
  system.launch(other);
  await untilReady(other);
  await tree.change();
  await watched.expectCurrent(await watched.untilSucceeded(await watched.requestSync()));
  await system.kill(other);
  system.launch('agent:beta');
  await untilReady('agent:beta', 1);
}, 120_000);

test('two that were started at the same moment, on both sides, do the data no harm, and one of them leaves', async () => {
  const slowly = await makeSlowStart();
  for (const host of ['alpha', 'beta']) {
    await system.kill(`agent:${host}`);
    system.defineAgent(host, { env: slowly });
    defineOther(host, slowly);
  }
  const parts = ['agent:alpha', 'agent:beta', 'other:alpha', 'other:beta'];
  const readyBefore = await Promise.all(parts.map(countReady));
  for (const name of parts) system.launch(name);
  for (const [index, name] of parts.entries()) await untilReady(name, readyBefore[index]);
  for (let round = 0; round < 3; round++) {
    await tree.change();
    await watched.expectCurrent(await watched.untilSucceeded(await watched.requestSync()));
  }
  for (const host of ['alpha', 'beta']) {
    const refusals = async () => {
      const texts = await Promise.all([`agent-${host}`, `other-${host}`].map(readLog));
      return texts.filter((text) => text.includes(`another agent serves host ${host}`)).length;
    };
    await eventually(`one agent of ${host} has left`, async () =>
      (await refusals()) === 1 ? true : undefined,
    );
  }
  await tree.change();
  await watched.expectCurrent(await watched.untilSucceeded(await watched.requestSync()));
}, 240_000);

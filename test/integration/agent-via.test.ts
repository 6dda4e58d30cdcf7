/**
 * Two hosts on which nothing is installed, each of them a namespace with its sshd: the agents that speak
 * for them run elsewhere. What is promised of other hosts holds, and their keys are left as they were.
 */
import { randomFillSync } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FailoverResult } from '../../src/api/messages';
import { compareTrees } from '../support/trees/compare-trees';
import { TwoHosts } from '../support/hosts/netns';
import { TestSshd } from '../support/hosts/ssh-host';
import { carryOut, untilStatus } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { syncWell, writeDocument } from '../support/system/user';

jest.setTimeout(240_000);

const MIB = 1024 ** 2;
const BIG = 32 * MIB;

let hosts: TwoHosts;
let sshds: { a: TestSshd; b: TestSshd };
let system: TestSystem;
const at = (...parts: string[]) => join(system.folder, ...parts);

const startSshd = (side: 'a' | 'b') =>
  TestSshd.start({
    address: hosts.management(side).replace(/1$/, '2'),
    listen: '0.0.0.0',
    wrap: (argv) => hosts.inside(side, argv),
  });

/** The state folder on a host; the agent's own is elsewhere. */
const remoteHome = (side: 'a' | 'b') => join(sshds[side].folder, 'state of tidemark');

const agentOf = (side: 'a' | 'b') => ({
  options: [...sshds[side].agentOptions(remoteHome(side)), '--address', hosts.address(side)],
});

beforeAll(async () => {
  hosts = await TwoHosts.make();
  sshds = { a: await startSshd('a'), b: await startSshd('b') };
  system = await TestSystem.start({ agents: { alpha: agentOf('a'), beta: agentOf('b') } });
});

afterAll(async () => {
  await system.stop();
  for (const sshd of Object.values(sshds)) await sshd.stop();
  await hosts.remove();
});

const keysOf = (side: 'a' | 'b') => readFile(sshds[side].authorizedKeys, 'utf8');
const modeOf = async (side: 'a' | 'b') => (await stat(sshds[side].authorizedKeys)).mode & 0o777;

it('syncs through a lost session, verifies, restores and fails over, and leaves no key behind', async () => {
  const before = [await keysOf('a'), await keysOf('b')];
  const [source, target] = [at('alpha'), at('beta')];
  await mkdir(source);
  await writeFile(join(source, 'big'), randomFillSync(Buffer.alloc(BIG)));
  await writeFile(join(source, "it's small"), 'x');
  const sent = await hosts.bytesSent('a');
  await system.apply(
    writeDocument('wiki', {
      source: { host: 'alpha', directory: source },
      targets: [{ host: 'beta', directory: target }],
      mover: { rsync: { bandwidthLimit: '8MiB', compress: 'none' } },
    }),
  );
  // The agent's own session at the source, and the one at the target, in the middle of the file.
  await eventually('a part is over', async () =>
    (await hosts.bytesSent('a')) - sent > BIG / 4 ? true : undefined,
  );
  expect(await keysOf('b')).toMatch(
    /^restrict,expiry-time="\d{14}Z?",command="[^\n]*" ssh-ed25519 \S+ tidemark:/,
  );
  expect((await keysOf('b')).endsWith(before[1] ?? '')).toBe(true);
  await sshds.a.killSessions();
  await untilStatus(system, 'wiki', 'it is through', ({ lastSync }) => lastSync?.result === 'succeeded');
  const told = (await system.log('agent:alpha')).map(({ msg }) => String(msg));
  expect(told.some((msg) => msg.startsWith('transfer failed'))).toBe(true);
  expect(await compareTrees(source, target)).toEqual([]);
  expect((await hosts.bytesSent('a')) - sent).toBeLessThan(1.5 * BIG);
  expect([await keysOf('a'), await keysOf('b')]).toEqual(before);
  expect(await modeOf('b')).toBe(0o640);

  await writeFile(join(source, 'late'), 'y');
  await syncWell(system, 'wiki');
  const verified = await system.cli(['verify', 'wiki']);
  expect(verified).toMatchObject({ exitCode: 0 });

  const restored = await system.cli([
    'restore',
    'wiki',
    '--point',
    'latest',
    '--to',
    `alpha:${at('restored')}`,
    '--yes',
  ]);
  expect(restored).toMatchObject({ exitCode: 0 });
  expect(await compareTrees(target, at('restored'))).toEqual([]);

  const { takeover } = await carryOut<FailoverResult>(system, 'wiki', 'failover');
  expect(takeover).toMatchObject({ target: 'beta', from: 'alpha', fenced: true });
  expect([await keysOf('a'), await keysOf('b')]).toEqual(before);
  expect((await system.cli(['delete', 'wiki', '--yes'])).exitCode).toBe(0);
});

it('takes out what an agent left that was killed, and refuses a second one', async () => {
  const before = await keysOf('b');
  const source = at('again');
  await mkdir(source);
  await writeFile(join(source, 'big'), randomFillSync(Buffer.alloc(BIG)));
  await system.apply(
    writeDocument('again', {
      source: { host: 'alpha', directory: source },
      targets: [{ host: 'beta', directory: at('copy of again') }],
      mover: { rsync: { bandwidthLimit: '8MiB', compress: 'none' } },
    }),
  );
  await eventually('a landing is open', async () => ((await keysOf('b')) === before ? undefined : true));
  await system.kill('agent:beta');
  system.launch('agent:beta');
  await untilStatus(system, 'again', 'it is through', ({ lastSync }) => lastSync?.result === 'succeeded');
  await eventually('no line is left', async () => ((await keysOf('b')) === before ? true : undefined));
  const second = await system.cli([
    ...['agent', '--host', 'beta', '--home', at('second'), ...agentOf('b').options],
  ]);
  expect(second.exitCode).not.toBe(0);
  expect(second.stderr + second.stdout).toMatch(/another agent serves host beta/);
  expect((await system.cli(['delete', 'again', '--yes'])).exitCode).toBe(0);
  expect(await keysOf('b')).toBe(before);
});

/**
 * Another sshd answers where a landing is: a redirected connection, or a host whose key was replaced.
 * Nothing is sent to it, and the sync completes by itself once the right one answers.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { reservePorts } from '../support/hosts/ports';
import { eventually, TestSystem } from '../support/system/system';
import { Watched } from './watched';

const exec = promisify(execFile);

/** Where sources are told to connect; it is not where any sshd of these tests listens. */
const ADDRESS = '127.0.0.77';

let system: TestSystem;
let redirect: Redirect;
let watched: Watched;
let realPort: number;

/** Takes connections to one place on to another, which can be changed. */
class Redirect {
  private server?: Server;
  connections = 0;

  constructor(
    private readonly listenPort: number,
    public port: number,
  ) {}

  async start(): Promise<void> {
    this.server = createServer((socket) => {
      this.connections++;
      const onward = connect(this.port, '127.0.0.1');
      socket.pipe(onward).pipe(socket);
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const)
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
    });
    this.server.listen(this.listenPort, ADDRESS);
    await once(this.server, 'listening');
  }

  async stop(): Promise<void> {
    if (this.server) await new Promise((done) => this.server?.close(done));
  }
}

/** An sshd with a key of its own that lets everybody in whom the real one lets in, and keeps what it gets. */
class Impostor {
  private child?: ChildProcess;
  log = '';

  constructor(
    readonly folder: string,
    readonly port: number,
  ) {}

  async start(): Promise<void> {
    await mkdir(join(this.folder, 'loot'), { recursive: true });
    await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(this.folder, 'host_key')]);
    const realKeys = await readFile(join(system.agentHome('beta'), 'sshd', 'sshd_config'), 'utf8');
    const config = realKeys
      .replace(/^Port .*$/m, `Port ${this.port}`)
      .replace(/^HostKey .*$/m, `HostKey "${join(this.folder, 'host_key')}"`)
      .replace(/^PidFile .*$/m, `PidFile "${join(this.folder, 'pid')}"`)
      .concat(`ForceCommand rsync --server -lHogDtpAXrxe.iLsfxCIvu . ${join(this.folder, 'loot')}/\n`);
    await writeFile(join(this.folder, 'sshd_config'), config);
    this.child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(this.folder, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child.stderr?.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    await eventually('the impostor listens', async () =>
      this.log.includes('Server listening') ? true : undefined,
    );
  }

  async stop(): Promise<void> {
    if (!this.child) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  /** Nobody has proved who he is, and nothing has come. */
  async expectNothing(): Promise<void> {
    expect(this.log).not.toMatch(/Accepted|session opened/);
    expect(await readdir(join(this.folder, 'loot'))).toEqual([]);
  }
}

let impostor: Impostor;

beforeAll(async () => {
  const [port = 0, impostorPort = 0] = await reservePorts(2);
  realPort = port;
  redirect = new Redirect(port, port);
  await redirect.start();
  const beta = { options: ['--listen', '127.0.0.1', '--address', ADDRESS, '--port', String(port)] };
  system = await TestSystem.start({ agents: { alpha: {}, beta } });
  impostor = new Impostor(join(system.folder, 'impostor'), impostorPort);
  await impostor.start();
  const source = join(system.folder, 'source');
  await mkdir(source);
  await writeFile(join(source, 'file'), randomBytes(200_000));
  watched = new Watched(system, 'pinned', source, join(system.folder, 'copies', 'target'));
  await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: pinned }
spec:
  source: { host: alpha, directory: ${source} }
  targets: [{ host: beta, directory: ${watched.target}, copyMethod: HardLink }]
`);
  await watched.expectCurrent(await watched.untilSucceeded(0));
}, 120_000);

afterAll(async () => {
  await impostor.stop();
  await system.stop();
  await redirect.stop();
}, 60_000);

test('an sshd with another key in the place of the landing gets nothing, and is told apart', async () => {
  redirect.port = impostor.port;
  const before = redirect.connections;
  await writeFile(join(watched.source, 'secret'), 'for beta alone');
  const sequence = await watched.requestSync();
  await watched.untilFailed('HostKeyMismatch');
  expect(redirect.connections).toBeGreaterThan(before);
  await impostor.expectNothing();
  const { lastError } = (await watched.get()).targets[0] ?? {};
  expect(lastError).toContain(`what answers at ${ADDRESS}:${realPort} is not the sshd of host beta`);
  expect(lastError).toMatch(/What to do: .*intercepted/);
  expect((await watched.history())[0]).toMatchObject({ targets: [{ errorType: 'HostKeyMismatch' }] });
  await watched.expectPointsIntact();
  redirect.port = realPort;
  await watched.expectCurrent(await watched.untilSucceeded(sequence));
  await impostor.expectNothing();
}, 120_000);

test('a host whose key was replaced tells its new one once its sshd uses it', async () => {
  const home = join(system.agentHome('beta'), 'sshd');
  const before = await readFile(join(home, 'host_key.pub'), 'utf8');
  for (const name of ['host_key', 'host_key.pub']) await rm(join(home, name));
  await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(home, 'host_key')]);
  const old = Number(await readFile(join(home, 'sshd.pid'), 'utf8'));
  process.kill(old, 'SIGKILL');
  await eventually('another sshd runs', async () =>
    Number(await readFile(join(home, 'sshd.pid'), 'utf8')) !== old ? true : undefined,
  );
  await writeFile(join(watched.source, 'more'), 'after the new key');
  await watched.expectCurrent(await watched.untilSucceeded(await watched.requestSync()));
  expect(await readFile(join(home, 'host_key.pub'), 'utf8')).not.toBe(before);
  expect(await watched.errorTypes()).toEqual(['HostKeyMismatch']);
}, 120_000);

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import type { Landing, LandingRequest } from '../../src/landings/contract';
import { LANDING_ALIAS, makeKey, prepareSsh, sweepKeys } from '../../src/landings/ssh-client';
import { type LandingService, startLandingSshd } from '../../src/landings/sshd';
import { inAnHour } from '../support/rigs/mover-rig';
import { waitFor } from '../support/wait-for';

const ID = { relationship: 'wiki', target: 'beta', syncId: 'wiki-000001' };
const OPTIONS = { listenAddress: '127.0.0.1', advertisedAddress: '127.0.0.1' };

let folder: string;
let alpha: Host;
let beta: Host;
let service: LandingService;
let publicKey: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-landings-'));
  alpha = makeLocalHost({ name: 'alpha', home: join(folder, 'alpha 100% $HOME') });
  beta = makeLocalHost({ name: 'beta', home: join(folder, "beta's #1 home") });
  await mkdir(alpha.home);
  service = await startLandingSshd(beta, OPTIONS);
  publicKey = await makeKey(alpha, ID, 'beta');
});

afterEach(async () => {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

function open(change: Partial<LandingRequest> = {}): Promise<Landing> {
  const command = ['printf', '%s\\n', 'landed'];
  return service.landings.open({
    id: 'x',
    publicKey,
    command,
    attempt: 'receive:x',
    expiresAt: inAnHour(),
    ...change,
  });
}

/** Connects as the source does, and asks for a command of its own. */
async function connect(landing: Landing, ...wanted: string[]) {
  const cwd = await prepareSsh(alpha, alpha, ID, landing);
  const argv = ['ssh', '-F', './ssh_config', LANDING_ALIAS, ...wanted];
  const { stdout, stderr, exitCode } = await alpha.run(argv, { cwd });
  return { stdout: stdout.toString(), stderr, exitCode };
}

describe('a landing', () => {
  it('runs its one command, whatever the client asks for', async () => {
    const landing = await open();
    expect(await connect(landing)).toMatchObject({ stdout: 'landed\n', exitCode: 0 });
    expect(await connect(landing, 'cat', '/etc/passwd')).toMatchObject({ stdout: 'landed\n', exitCode: 0 });
    expect(await connect(landing, '-s', 'sftp')).not.toMatchObject({
      stdout: expect.stringContaining('sftp') as string,
    });
  });

  it('passes every argument on as it is', async () => {
    const odd = [
      'a b',
      "it's",
      '"quoted"',
      '$HOME',
      '`id`',
      'back\\slash',
      'trailing\\',
      '\\"',
      '*',
      '!x',
      '~',
      '#',
      'é',
      '',
      '-n',
    ];
    const landing = await open({ command: ['printf', '<%s>', ...odd] });
    expect((await connect(landing)).stdout).toBe(odd.map((word) => `<${word}>`).join(''));
  });

  it("starts no file of the user's shell, and marks what it runs", async () => {
    const landing = await open({ command: ['env'] });
    const { stdout } = await connect(landing);
    expect(stdout).toContain('TIDEMARK_ATTEMPT=receive:x\n');
    // bash reads ~/.bashrc for ssh only as the outermost shell, and takes one off as it hands over.
    expect(Number(/^SHLVL=(\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(0);
  });

  it('forwards nothing', async () => {
    const landing = await open({ command: ['sleep', '1'] });
    const { stderr, exitCode } = await connect(
      landing,
      '-o',
      'ClearAllForwardings=no',
      '-o',
      'ExitOnForwardFailure=yes',
      '-R',
      '0:127.0.0.1:1',
    );
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/remote port forwarding failed/);
  });

  it('accepts no other key', async () => {
    const landing = await open();
    await makeKey(alpha, ID, 'beta');
    expect(await connect(landing)).toMatchObject({
      exitCode: 255,
      stderr: expect.stringContaining('Permission denied') as string,
    });
  });

  it('accepts its key no longer once closed', async () => {
    const landing = await open();
    await service.landings.close('x');
    await service.landings.close('x');
    expect(await connect(landing)).toMatchObject({
      exitCode: 255,
      stderr: expect.stringContaining('Permission denied') as string,
    });
  });

  it('is refused by sshd itself once expired, in UTC', async () => {
    const landing = await open({ expiresAt: new Date(Date.now() - 2000).toISOString() });
    expect(await connect(landing)).toMatchObject({
      exitCode: 255,
      stderr: expect.stringContaining('Permission denied') as string,
    });
    expect(
      await connect(await open({ expiresAt: new Date(Date.now() + 60_000).toISOString() })),
    ).toMatchObject({ exitCode: 0 });
  });

  it('is closed by a sweep once expired, and no other is', async () => {
    await open({ id: 'old', expiresAt: new Date(Date.now() - 2000).toISOString() });
    await open({ id: 'new' });
    expect(await service.landings.sweep(new Date())).toBe(1);
    const keys = await readFile(join(beta.home, 'sshd/authorized_keys'), 'utf8');
    expect(keys).toContain('tidemark:new');
    expect(keys).not.toContain('tidemark:old');
  });

  it('is found after many were opened at once', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `relationship/${index}`);
    await Promise.all(ids.map((id) => open({ id })));
    const keys = await readFile(join(beta.home, 'sshd/authorized_keys'), 'utf8');
    for (const id of ids) expect(keys).toContain(`tidemark:${id}\n`);
  });

  it('is reached through the pinned host key alone', async () => {
    const landing = await open();
    const other = await makeKey(alpha, { ...ID, target: 'other' }, 'x');
    expect(await connect({ ...landing, hostKeys: [other] })).toMatchObject({
      exitCode: 255,
      stderr: expect.stringContaining('Host key verification failed') as string,
    });
  });
});

describe("an agent's sshd", () => {
  it('keeps port, host key and open landings over a restart', async () => {
    const landing = await open();
    await service.stop();
    service = await startLandingSshd(beta, OPTIONS);
    expect(service.port).toBe(landing.port);
    expect(await connect(landing)).toMatchObject({ exitCode: 0 });
  });

  it('takes another port, and remembers it, where its own was taken', async () => {
    const taken = service.port;
    await service.stop();
    const intruder: Server = createServer().listen(taken, '127.0.0.1');
    await new Promise((resolve) => intruder.once('listening', resolve));
    try {
      service = await startLandingSshd(beta, OPTIONS);
      expect(service.port).not.toBe(taken);
      expect(await readFile(join(beta.home, 'sshd/port'), 'utf8')).toBe(`${service.port}\n`);
      expect(await connect(await open())).toMatchObject({ exitCode: 0 });
    } finally {
      intruder.close();
    }
  });

  it('says so where the port that it was told is taken', async () => {
    const options = { ...OPTIONS, port: service.port };
    const other = makeLocalHost({ name: 'gamma', home: join(folder, 'gamma') });
    await expect(startLandingSshd(other, options)).rejects.toMatchObject({
      type: 'ToolFailed',
      details: { toolMessage: expect.stringContaining('already in use') as string },
    });
  });

  it('is started again on its port when it dies', async () => {
    const landing = await open();
    const pid = await findListener(landing.port);
    process.kill(pid, 'SIGKILL');
    await waitFor(async () => (await connect(landing)).exitCode === 0);
    expect(service.port).toBe(landing.port);
  });

  it('replaces one that a killed agent left behind', async () => {
    const { port } = service;
    await service.stop();
    const argv = ['-D', '-f', join(beta.home, 'sshd/sshd_config')];
    const orphan = spawn('/usr/sbin/sshd', argv, { stdio: 'ignore' });
    const ended = once(orphan, 'exit');
    await waitFor(async () => (await findListener(port)) === orphan.pid);
    service = await startLandingSshd(beta, OPTIONS);
    await ended;
    expect(service.port).toBe(port);
    expect(await findListener(port)).not.toBe(orphan.pid);
  });

  it('keeps its secrets to itself', async () => {
    await open();
    for (const name of ['sshd/host_key', 'sshd/authorized_keys', 'sshd/sshd_config']) {
      expect((await stat(join(beta.home, name))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(join(beta.home, 'sshd'))).mode & 0o777).toBe(0o700);
  });

  it('drops a landing file that was damaged, and opens nothing for it', async () => {
    await service.stop();
    await mkdir(join(beta.home, 'landings'), { recursive: true });
    await writeFile(join(beta.home, 'landings/bad.json'), '{"id":"bad","publicKey":"ssh-rsa x"}');
    service = await startLandingSshd(beta, OPTIONS);
    expect(await readFile(join(beta.home, 'sshd/authorized_keys'), 'utf8')).toBe('');
    expect(await connect(await open())).toMatchObject({ exitCode: 0 });
  });
});

it('sweeps keys of transfers that ended long ago, and no others', async () => {
  expect(await sweepKeys(alpha, new Date())).toBe(0);
  expect(await sweepKeys(alpha, new Date(Date.now() + 46 * 24 * 3_600_000))).toBe(1);
  await expect(stat(join(alpha.home, 'transfers/wiki/beta/key'))).rejects.toThrow('ENOENT');
});

async function findListener(port: number): Promise<number> {
  const { stdout } = await beta.run(['ss', '-Hltnp', `sport = :${port}`]);
  return Number(/pid=(\d+)/.exec(stdout.toString())?.[1]);
}

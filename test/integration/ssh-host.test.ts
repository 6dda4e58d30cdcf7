/** What only a host reached over SSH has to promise: whom it trusts, and what a lost session leaves. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeLocalHost } from '../../src/hosts/local';
import type { SshHost } from '../../src/hosts/ssh';
import { connect as openConnection, type SshOptions } from '../../src/hosts/ssh/connect';
import { makePool } from '../../src/hosts/ssh/pool';
import { TidemarkError } from '../../src/model/errors';
import { connectTo, TestSshd } from '../support/hosts/ssh-host';
import { eventually } from '../support/system/system';

const exec = promisify(execFile);

let sshd: TestSshd;
let folder: string;
const opened: SshHost[] = [];

beforeAll(async () => {
  sshd = await TestSshd.start();
});
afterAll(() => sshd.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-ssh-'));
});
afterEach(async () => {
  for (const host of opened.splice(0)) host.close();
  await rm(folder, { recursive: true, force: true });
});

async function connect(change: Partial<SshOptions> = {}, to = sshd): Promise<SshHost> {
  const host = await connectTo(to, 'nas', join(folder, 'home'), { ...to.options, ...change });
  opened.push(host);
  return host;
}

const refusal = async (attempt: Promise<unknown>): Promise<TidemarkError> => {
  const error: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof TidemarkError) return error;
  throw new Error('it was not refused', { cause: error });
};

async function makeOtherKey(): Promise<string> {
  const path = join(folder, 'other');
  await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
  return (await readFile(`${path}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
}

describe('the key of a host', () => {
  it('is refused where it is not known, with its fingerprint and what to type next', async () => {
    const error = await refusal(connect({ knownHosts: [] }));
    expect(error.type).toBe('HostKeyMismatch');
    const { stdout } = await exec('ssh-keygen', ['-lf', join(sshd.folder, 'host_key.pub')]);
    const [, fingerprint = 'none'] = stdout.split(' ');
    expect(error.message).toBe(`the key of ${sshd.url} is not known: ${fingerprint}`);
    const key = await sshd.hostKey();
    expect(error.details.hint).toContain('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
    expect(error.details.hint).toContain(`--host-key '${key}'`);
    const line = `[127.0.0.1]:${sshd.port} ${key}`;
    expect(error.details.hint).toContain(`echo '${line}' >> ~/.ssh/known_hosts`);
    const typed = join(folder, 'typed');
    await writeFile(typed, `${line}\n`);
    await connect({ knownHosts: [typed] });
  });

  it('is known by a hashed name too', async () => {
    const hashed = join(folder, 'hashed');
    await copyFile(sshd.knownHosts, hashed);
    await exec('ssh-keygen', ['-H', '-f', hashed]);
    expect(await readFile(hashed, 'utf8')).toMatch(/^\|1\|/);
    await connect({ knownHosts: [hashed] });
  });

  it('is refused where another one is known, pinned, or where it was revoked', async () => {
    const other = await makeOtherKey();
    const known = join(folder, 'known');
    const name = `[127.0.0.1]:${sshd.port}`;
    await writeFile(known, `${name} ${other}\n`);
    const error = await refusal(connect({ knownHosts: [known] }));
    expect(error).toMatchObject({
      type: 'HostKeyMismatch',
      message: expect.stringMatching(/not the one known/) as string,
    });
    expect(error.details.hint).toContain(`ssh-keygen -R '${name}'`);
    expect(await refusal(connect({ hostKeys: [other] }))).toMatchObject({ type: 'HostKeyMismatch' });
    await writeFile(known, `@revoked * ${await sshd.hostKey()}\n${name} ${await sshd.hostKey()}\n`);
    expect((await refusal(connect({ knownHosts: [known] }))).message).toMatch(/revoked/);
  });

  it('is taken where it is pinned, whatever files say', async () => {
    await connect({ knownHosts: [], hostKeys: [await sshd.hostKey()] });
  });
});

describe('logging in', () => {
  it('is refused with a key that the host does not know', async () => {
    await makeOtherKey();
    const error = await refusal(connect({ identities: [join(folder, 'other')] }));
    expect(error.type).toBe('AuthRejected');
    expect(error.message).toContain(join(folder, 'other'));
    expect(error.details.hint).toContain('--identity');
  });

  it('takes a passphrase from the environment alone, and asks for it where it is missing', async () => {
    const key = join(folder, 'locked');
    await copyFile(sshd.clientKey, key);
    await exec('chmod', ['600', key]);
    await exec('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', key]);
    const error = await refusal(connect({ identities: [key] }));
    expect(error).toMatchObject({ type: 'AuthRejected' });
    expect(error.details.hint).toContain('TIDEMARK_SSH_PASSPHRASE');
    process.env.TIDEMARK_SSH_PASSPHRASE = 'open sesame';
    try {
      const host = await connect({ identities: [key] });
      expect((await host.run(['env'])).stdout.toString()).not.toContain('sesame');
    } finally {
      delete process.env.TIDEMARK_SSH_PASSPHRASE;
    }
  });

  it('goes through another host, whose key is looked at as well', async () => {
    const bastion = await TestSshd.start();
    try {
      const both = join(folder, 'both');
      const keys = await Promise.all([sshd, bastion].map(({ knownHosts }) => readFile(knownHosts, 'utf8')));
      await writeFile(both, keys.join(''));
      const change = { jumps: [bastion.options.address], identities: [sshd.clientKey, bastion.clientKey] };
      const host = await connect({ ...change, knownHosts: [both] });
      expect((await host.run(['echo', 'hello'])).stdout.toString()).toBe('hello\n');
      expect(await bastion.sessions()).toHaveLength(1);
      const error = await refusal(connect({ ...change, knownHosts: [sshd.knownHosts] }));
      expect(error.message).toContain(`the key of ${bastion.url} is not known`);
    } finally {
      for (const host of opened.splice(0)) host.close();
      await bastion.stop();
    }
  });
});

describe('a lost session', () => {
  it('fails what runs with a reason to try again; the next use connects anew', async () => {
    const host = await connect();
    const script = 'echo >"$1"; exec sleep 1000';
    const attempt = `lost:${folder}`;
    const running = refusal(host.run(['sh', '-c', script, 'sh', join(folder, 'runs')], { attempt }));
    await eventually('it runs', async () => (await host.files.read(join(folder, 'runs')))?.length);
    await sshd.killSessions();
    expect(await running).toMatchObject({ type: 'HostUnreachable' });
    expect(await host.endAttempts(attempt)).toBe(1);
    expect((await host.run(['echo', 'back'])).stdout.toString()).toBe('back\n');
  });

  it('leaves nothing half-written', async () => {
    const host = await connect();
    const path = join(folder, 'state');
    await host.files.write(path, 'old');
    const content = 'new'.repeat(4_000_000);
    for (let round = 0; round < 3; round++) {
      const writing = host.files.write(path, content).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 30 * round));
      await sshd.killSessions();
      await writing;
      const length = await eventually('it is read', async () => (await host.files.read(path))?.length);
      expect([3, content.length]).toContain(length);
    }
  });

  it('is told from a host that can not be reached at all', async () => {
    const host = await connect();
    const other = await TestSshd.start();
    const key = join(folder, 'key');
    await copyFile(other.clientKey, key);
    await exec('chmod', ['600', key]);
    const away = await connect({ identities: [key], hostKeys: [await other.hostKey()] }, other);
    await other.stop();
    expect(await refusal(away.run(['true']))).toMatchObject({ type: 'HostUnreachable' });
    expect((await host.run(['true'])).exitCode).toBe(0);
  });
});

it('opens more connections where a server allows few sessions on each', async () => {
  const narrow = await TestSshd.start({ config: ['MaxSessions 2'] });
  try {
    const host = await connect({}, narrow);
    const runs = Array.from({ length: 12 }, (_, index) =>
      host.run(['sh', '-c', 'sleep 0.2; echo "$1"', 'sh', String(index)]),
    );
    const results = await Promise.all(runs);
    expect(results.map(({ stdout }) => Number(stdout.toString()))).toEqual([...results.keys()]);
    const piped = await host.pipe([['echo', 'a'], ['cat'], ['cat'], ['tr', 'a', 'b']]);
    expect(piped.at(-1)?.stdout.toString()).toBe('b\n');
  } finally {
    for (const host of opened.splice(0)) host.close();
    await narrow.stop();
  }
});

it('opens a session right after another is closed, where the server has room for one', async () => {
  const narrow = await TestSshd.start({ config: ['MaxSessions 1'] });
  let connections = 0;
  const pool = makePool('nas', () => {
    connections++;
    return openConnection(makeLocalHost({ name: 'here', home: folder }), narrow.options);
  });
  try {
    // sshd refuses every second one of these at first.
    for (let run = 0; run < 25; run++) {
      const session = await pool.open('exit 7');
      session.channel.resume();
      await session.closed;
      expect(session.ended).toEqual({ code: 7 });
    }
    expect(connections).toBe(1);
  } finally {
    pool.close();
    await narrow.stop();
  }
});

it('says that a server allows no session at all, and what to set there', async () => {
  const shut = await TestSshd.start({ config: ['MaxSessions 0'] });
  try {
    const error = await refusal(connect({}, shut));
    expect(error).toMatchObject({
      type: 'HostUnreachable',
      message: 'its SSH server lets this user run no command',
      details: { host: 'nas', toolMessage: '(SSH) Channel open failure: open failed' },
    });
    expect(error.details.hint).toContain('MaxSessions');
  } finally {
    await shut.stop();
  }
});

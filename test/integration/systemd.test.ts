/** The systemd units of `deploy/`: systemd takes them as they are, and what they forbid is not needed. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { TestSystem } from '../support/system/system';
import { DROP_COPIED_MOUNTS } from '../support/storage/zfs';

const ROOT = resolve(__dirname, '../..');
const UNITS = join(ROOT, 'deploy/systemd');
const AGENT = 'tidemark-agent@.service';
const CONTROL = 'tidemark-control.service';
/** Where the units expect a checkout. */
const INSTALLED = '/opt/tidemark';
jest.setTimeout(240_000);

/** The values of a setting in a unit, in order. */
function readSetting(unit: string, name: string): string[] {
  const lines = readFileSync(join(UNITS, unit), 'utf8').split('\n');
  return lines.filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1));
}

/** What a unit starts, word by word. */
const commandOf = (unit: string) => (readSetting(unit, 'ExecStart')[0] ?? '').split(' ');

/**
 * A root folder as systemd would see it: its own units, ours, and stand-ins for the programs that ours
 * start, since nothing is installed where the tests run.
 */
class StandInRoot {
  readonly path = mkdtempSync(join(tmpdir(), 'tidemark-systemd-'));
  private readonly units = join(this.path, 'etc/systemd/system');

  constructor() {
    cpSync('/usr/lib/systemd/system', join(this.path, 'usr/lib/systemd/system'), { recursive: true });
    mkdirSync(this.units, { recursive: true });
    for (const unit of [AGENT, CONTROL]) {
      this.write(unit, readFileSync(join(UNITS, unit), 'utf8'));
      const program = join(this.path, commandOf(unit)[0] ?? '');
      mkdirSync(dirname(program), { recursive: true });
      writeFileSync(program, '#!/bin/sh\n');
      chmodSync(program, 0o755);
    }
  }

  write(unit: string, text: string): void {
    writeFileSync(join(this.units, unit), text);
  }

  /** Everything that `systemd-analyze verify` has to say; nothing where all is well. */
  async verify(): Promise<string> {
    const units = [AGENT.replace('@', '@alpha'), CONTROL];
    const argv = ['verify', `--root=${this.path}`, '--man=no', ...units];
    const { stdout, stderr } = await promisify(execFile)('systemd-analyze', argv).catch(
      (error: unknown) => error as { stdout: string; stderr: string },
    );
    return stdout + stderr;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

describe('systemd', () => {
  const root = new StandInRoot();
  afterAll(() => root.remove());

  it('has nothing to say against the units', async () => {
    expect(await root.verify()).toBe('');
  });

  it.each([
    ['a setting that there is not', 'KillMode=', 'KilMode='],
    ['a program that there is not', `${INSTALLED}/node_modules`, '/opt/elsewhere/node_modules'],
  ])('would find %s', async (_what, right, wrong) => {
    const text = readFileSync(join(UNITS, CONTROL), 'utf8');
    root.write(CONTROL, text.replace(right, wrong));
    expect(await root.verify()).toContain(wrong.replace('=', ''));
    root.write(CONTROL, text);
  });

  it('starts files that a checkout has once it is set up', () => {
    for (const unit of [AGENT, CONTROL]) {
      const files = commandOf(unit).filter((word) => word.startsWith(INSTALLED));
      expect(files).toHaveLength(2);
      for (const file of files) expect(existsSync(file.replace(INSTALLED, ROOT))).toBe(true);
    }
  });
});

/** What the agent's unit allows, for a process that systemd did not start: capabilities, folders, environment. */
function confine(argv: string[], env: Record<string, string>): string[] {
  const denied = (readSetting(AGENT, 'CapabilityBoundingSet')[0] ?? '').replace(/^~/, '').split(' ');
  const dropped = denied.map((name) => `-${name.replace(/^CAP_/, '').toLowerCase()}`).join(',');
  // ProtectSystem=full
  const readOnly = `${DROP_COPIED_MOUNTS}; for folder in /usr /boot /etc; do mount --bind "$folder" "$folder" && mount -o remount,bind,ro "$folder" || exit; done; exec "$@"`;
  return [
    ...['unshare', '--mount', '--propagation', 'slave', '--', 'sh', '-c', readOnly, 'sh'],
    ...['setpriv', '--no-new-privs', '--bounding-set', dropped, '--'],
    // A service has no HOME, and none of what a login sets.
    ...['env', '-i', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'],
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...argv,
  ];
}

describe("an agent with no more than its unit's rights", () => {
  let system: TestSystem;
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-confined-'));
  const [source, copy] = [join(folder, 'source'), join(folder, 'copy')];

  beforeAll(async () => {
    system = await TestSystem.start({ agents: {} });
    for (const host of ['service-a', 'service-b']) {
      const env = { ...system.env, XDG_CACHE_HOME: join(folder, 'cache') };
      system.defineAgent(host, {
        options: ['--listen', '127.0.0.1'],
        wrap: (argv) => confine(argv, env),
      });
      system.launch(`agent:${host}`);
    }
  });
  afterAll(async () => {
    await system.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps owners, modes, device files, ACLs, extended attributes and all else', async () => {
    await makeNastyTree(source);
    await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: confined }
spec:
  source: { host: service-a, directory: ${JSON.stringify(source)} }
  targets: [{ host: service-b, directory: ${JSON.stringify(copy)} }]
`);
    const { stdout, stderr } = await system.cli(['sync', 'confined', '--wait']);
    expect(stderr + stdout).toContain('succeeded');
    expect(await compareTrees(source, copy)).toEqual([]);
    expect(await system.points('confined')).toContainEqual(expect.objectContaining({ target: 'service-b' }));
  });
});

/** The set-up scripts, run by Node as they are: they are plain modules that must need nothing installed. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(__dirname, '../..');
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'tidemark-set-up-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Evaluates an expression with what a set-up module exports as `m`; answers its value. */
async function evaluate<T>(module: string, expression: string, env: Record<string, string> = {}): Promise<T> {
  const url = JSON.stringify(`file://${ROOT}/scripts/set-up/${module}.mjs`);
  const program = `import * as m from ${url}; process.stdout.write(JSON.stringify(await (${expression})) ?? 'null')`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, ...env },
  });
  return JSON.parse(stdout) as T;
}

function write(path: string, content: string | object): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const lock = (packages: object) => ({ lockfileVersion: 3, packages });

describe('dependencies', () => {
  const root = join(folder, 'checkout');
  const missing = () => evaluate<string[]>('dependencies', `m.missingPackages(${JSON.stringify(root)})`);
  const a = { version: '1.0.0' };

  it('are all missing in a fresh clone, but those of other platforms', async () => {
    write(
      'checkout/package-lock.json',
      lock({ '': {}, 'node_modules/a': a, 'node_modules/b': { version: '2.0.0', optional: true } }),
    );
    expect(await missing()).toEqual(['node_modules/a']);
  });

  it('are there once npm has noted them and their files are there', async () => {
    write('checkout/node_modules/.package-lock.json', lock({ 'node_modules/a': a }));
    expect(await missing()).toEqual(['node_modules/a']);
    write('checkout/node_modules/a/package.json', {});
    expect(await missing()).toEqual([]);
  });

  it('are missing again once another version is asked for', async () => {
    write('checkout/package-lock.json', lock({ '': {}, 'node_modules/a': { version: '1.0.1' } }));
    expect(await missing()).toEqual(['node_modules/a']);
  });
});

describe('system tools', () => {
  const missing = (options: string) => evaluate<string[]>('tools', `m.missingTools(${options})`);

  it('are named by their packages, each once', async () => {
    const packages = await missing('{ has: () => false }');
    expect(packages).toEqual(['rsync', 'openssh-client', 'openssh-server', 'util-linux']);
  });

  it('of the tests are wanted for the tests alone', async () => {
    expect(await missing("{ has: (tool) => tool !== 'mkfs.xfs' }")).toEqual([]);
    expect(await missing("{ forTests: true, has: (tool) => tool !== 'mkfs.xfs' }")).toEqual(['xfsprogs']);
  });

  it('are found where the PATH of ordinary users does not lead', async () => {
    expect(await evaluate('run', "m.findProgram('sshd')", { PATH: '/nonexistent' })).toBe('/usr/sbin/sshd');
  });
});

describe('the cache folder', () => {
  it('follows the XDG standard, which ignores relative paths', async () => {
    const cache = (home: string) =>
      evaluate('paths', 'm.cacheFolder()', { XDG_CACHE_HOME: home, HOME: '/home/me' });
    expect(await cache('/var/cache/me')).toBe('/var/cache/me/tidemark');
    expect(await cache('cache')).toBe('/home/me/.cache/tidemark');
  });
});

describe("Temporal's server", () => {
  /** A program that says it is Temporal. */
  function fakeTemporal(path: string): string {
    const file = write(path, '#!/bin/sh\necho "temporal version 9.9.9 (Server 9.9.9)"\n');
    chmodSync(file, 0o755);
    return file;
  }

  it('is taken from the PATH, else from the cache, without getting anything', async () => {
    const onPath = fakeTemporal('bin/temporal');
    const cached = fakeTemporal('cache/tidemark/bin/temporal');
    const env = { XDG_CACHE_HOME: join(folder, 'cache'), PATH: '/usr/bin:/bin' };
    const ensure = (more = {}) =>
      evaluate('temporal', 'm.ensureTemporal(process.execPath, () => {})', { ...env, ...more });
    expect(await ensure({ PATH: `${dirname(onPath)}:${env.PATH}` })).toBe(`9.9.9, ${onPath}`);
    expect(await ensure()).toBe(`9.9.9, ${cached}`);
  });
});

describe('the Kubernetes of the tests', () => {
  const link = join(folder, 'link');
  const builds = join(folder, 'builds');

  /** A program that stands for Go: builds empty programs, or fails half way, and lists a module that has nothing. */
  function fakeGo(ending: string): void {
    const script = `#!/bin/sh
      [ "$1" = build ] || { echo '${folder}'; exit 0; }
      echo built >> '${builds}'
      while [ "$1" != -o ]; do shift; done
      touch "$2/kube"; ${ending}; touch "$2/snapshot-controller" "$2/csi-snapshotter"\n`;
    chmodSync(write('go/go', script), 0o755);
  }
  const ensure = () =>
    evaluate<string>('kubernetes', `m.ensureKubernetes(() => {}, ${JSON.stringify(link)})`, {
      XDG_CACHE_HOME: join(folder, 'kubernetes-cache'),
      PATH: `${join(folder, 'go')}:/usr/bin:/bin`,
    });

  beforeAll(() => {
    for (const path of ['pkg/apis/pluginregistration/v1', 'config/crd'])
      mkdirSync(join(folder, path), { recursive: true });
  });

  it('is in the cache whole or not at all', async () => {
    fakeGo('exit 1');
    await expect(ensure()).rejects.toThrow('Kubernetes could not be built');
    expect(readdirSync(join(folder, 'kubernetes-cache/tidemark/kubernetes'))).toEqual([]);
    expect(existsSync(link)).toBe(false);
  });

  it('is built once, and found by the link in the checkout', async () => {
    fakeGo('true');
    expect(await ensure()).toContain('built');
    expect(await ensure()).not.toContain('built');
    expect(readFileSync(builds, 'utf8')).toBe('built\nbuilt\n');
    expect(readdirSync(link).sort()).toEqual(['csi-snapshotter', 'kube', 'kubectl', 'snapshot-controller']);
  });
});

describe('the lock', () => {
  const path = join(folder, 'locks', 'set-up.lock');
  const journal = join(folder, 'journal');
  const hold = (name: string) =>
    evaluate(
      'lock',
      `m.withLock(${JSON.stringify(path)}, async () => {
        const { appendFileSync } = await import('node:fs');
        appendFileSync(${JSON.stringify(journal)}, '${name} begins\\n');
        await new Promise((done) => setTimeout(done, 100));
        appendFileSync(${JSON.stringify(journal)}, '${name} ends\\n');
      })`,
    );

  it('lets one set-up work at a time', async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map(hold));
    const lines = readFileSync(journal, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(8);
    for (let index = 0; index < lines.length; index += 2) {
      expect(lines[index + 1]).toBe(lines[index]?.replace('begins', 'ends'));
    }
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it('is not held by a dead process', async () => {
    writeFileSync(path, JSON.stringify({ pid: process.pid, started: '1' }));
    await hold('e');
    expect(existsSync(path)).toBe(false);
  });
});

describe('a program that does not end', () => {
  it('is ended by its time limit with all that it started', async () => {
    const marker = join(folder, 'still-there');
    const script = `(sleep 0.6; touch '${marker}') & wait`;
    const expression = `m.run(['sh', '-c', ${JSON.stringify(script)}], { timeoutMs: 100 })`;
    expect(await evaluate('run', expression)).toMatchObject({ code: 1 });
    await new Promise((done) => setTimeout(done, 800));
    expect(existsSync(marker)).toBe(false);
  });
});

/** Hooks: programs that an agent's operator put into its folder, run around capture and after publish. */
import { chmod, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SyncRecord } from '../../src/model/records';
import type { HookSpec, RelationshipInput } from '../../src/model/spec';
import { TestFilesystem } from '../support/storage/filesystems';
import { eventually, TestSystem } from '../support/system/system';
import {
  applyAndSync,
  parseError,
  syncAfter,
  syncNow,
  syncWell,
  writeDocument,
  writeFiles,
} from '../support/system/user';

jest.setTimeout(120_000);

type Spec = RelationshipInput['spec'];
type Hooks = NonNullable<Spec['hooks']>;

let folder: string;
let system: TestSystem;
let xfs: TestFilesystem;
const at = (...parts: string[]) => join(system.folder, 'data', ...parts);
const hooksOf = (host: string) => join(folder, host);

/** Puts a program into a host's folder of hooks; `say` notes what it was told. */
async function makeHook(host: string, name: string, script: string): Promise<void> {
  const path = join(hooksOf(host), name);
  const say = `say() { printf '%s\\n' "$1" >> '${folder}/log'; }`;
  await writeFile(path, `#!/bin/sh\n${say}\n${script}\n`);
  await chmod(path, 0o755);
}

/** What the hooks have said since the last look. */
async function takeLog(): Promise<string[]> {
  const text = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
  await rm(join(folder, 'log'), { force: true });
  return text.split('\n').slice(0, -1);
}

const untilSaid = (line: string) =>
  eventually(`a hook says ${line}`, async () =>
    (await readFile(join(folder, 'log'), 'utf8')).split('\n').includes(line) ? true : undefined,
  ).catch(async (error: unknown) => {
    const said = (await system.log('agent:alpha')).slice(-20).map((each) => JSON.stringify(each));
    throw new Error([String(error), 'its agent:', ...said].join('\n'));
  });

const spec = (name: string, hooks: Hooks, source: Partial<Spec['source']> = {}): Spec => ({
  source: { host: 'alpha', directory: at(`${name}-source`), ...source },
  targets: [{ host: 'beta', directory: at(`${name}-target`) }],
  hooks,
});
const failureOf = (record: SyncRecord) => record.failure ?? record.targets[0]?.failure;
const change = (name: string) => writeFiles(at(`${name}-source`), { changed: String(Math.random()) });
const run = (...argv: string[]): Pick<HookSpec, 'run'> => ({ run: argv });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-hooks-'));
  await Promise.all(['alpha', 'beta'].map((host) => mkdir(hooksOf(host))));
  xfs = await TestFilesystem.make('xfs');
  system = await TestSystem.start({
    agents: {
      alpha: { options: ['--allow-hooks', hooksOf('alpha')] },
      beta: { options: ['--allow-hooks', hooksOf('beta')] },
      gamma: {},
    },
  });
  const told = '$TIDEMARK_RELATIONSHIP $TIDEMARK_SYNC_ID $TIDEMARK_VOLUME ${TIDEMARK_POINT:-none}';
  await makeHook('alpha', 'tell', `say "$* | ${told}"`);
  await makeHook('beta', 'tell', `say "$* | ${told}"`);
  await makeHook('alpha', 'say', 'say "$*"');
  await makeHook('beta', 'say', 'say "$*"');
  await makeHook('alpha', 'refuse', 'say refusing; echo "the database is busy" >&2; exit 7');
  await makeHook('beta', 'refuse', 'say refusing; exit 7');
  await makeHook('alpha', 'wait', 'say waiting; exec sleep 600');
  await writeFiles(at('wiki-source'), { page: 'x' });
});
afterAll(async () => {
  await system.stop();
  await xfs.dispose();
  await rm(folder, { recursive: true });
});

describe('hooks', () => {
  it('run on their hosts in order, with arguments as they were written, and told what it is about', async () => {
    const record = await applyAndSync(
      system,
      'wiki',
      spec('wiki', {
        beforeCapture: [run('tell', 'before', 'a  b', '$HOME;`id`')],
        afterCapture: [run('tell', 'after')],
        afterPublish: [run('tell', 'published')],
      }),
    );
    expect(record.result).toBe('succeeded');
    const point = record.targets[0]?.point?.id ?? '';
    expect(await takeLog()).toEqual([
      `before a  b $HOME;\`id\` | wiki wiki-000001 ${at('wiki-source')} none`,
      `after | wiki wiki-000001 ${at('wiki-source')} none`,
      `published | wiki wiki-000001 ${at('wiki-target')} ${point}`,
    ]);
  });

  it('stand around the moment of capture: what they do meanwhile is in the point, and over before the transfer', async () => {
    const source = join(xfs.mountPoint, 'data');
    await writeFiles(source, { page: 'x' });
    await makeHook('alpha', 'lock', 'touch "$TIDEMARK_VOLUME/locked"');
    await makeHook('alpha', 'unlock', 'rm "$TIDEMARK_VOLUME/locked"');
    const hooks = { beforeCapture: [run('lock')], afterCapture: [run('unlock')] };
    const clone = spec('moment', hooks, { directory: source, copyMethod: 'Clone' });
    expect((await applyAndSync(system, 'moment', clone)).result).toBe('succeeded');
    expect(await readFile(at('moment-target', 'locked'), 'utf8')).toBe('');
    await expect(readFile(join(source, 'locked'))).rejects.toThrow('ENOENT');
  });
});

describe('a hook that fails', () => {
  it('fails the sync in its own words, makes no point, and the undo still runs', async () => {
    const hooks = {
      beforeCapture: [run('say', 'first'), run('refuse'), run('say', 'never')],
      afterCapture: [run('say', 'undo')],
    };
    await system.apply(writeDocument('wiki', spec('wiki', hooks)));
    await change('wiki');
    const record = await syncNow(system, 'wiki');
    expect(failureOf(record)).toMatchObject({
      type: 'HookFailed',
      host: 'alpha',
      message: 'hook refuse ended with exit code 7',
      toolMessage: expect.stringContaining('the database is busy') as unknown,
    });
    expect(record.targets[0]?.point).toBeUndefined();
    expect(await takeLog()).toEqual(['first', 'refusing', 'undo']);
    expect(await system.points('wiki')).toHaveLength(1);
  });

  it('is passed over where it says onError: continue, and the log tells', async () => {
    const hooks: Hooks = {
      beforeCapture: [{ run: ['refuse'], onError: 'continue' }, run('say', 'next')],
      afterCapture: [{ run: ['refuse'], onError: 'continue' }, run('say', 'undo')],
      afterPublish: [{ run: ['refuse'], onError: 'continue' }, run('say', 'published')],
    };
    await system.apply(writeDocument('wiki', spec('wiki', hooks)));
    // The sync that failed before is tried again by itself: not before it is through does the log tell of one alone.
    await syncWell(system, 'wiki');
    await takeLog();
    await syncWell(system, 'wiki');
    expect(await takeLog()).toEqual(['refusing', 'next', 'refusing', 'undo', 'refusing', 'published']);
    expect((await system.log('agent:alpha')).map(({ msg }) => msg)).toContain(
      'hook failed; going on, as the spec says',
    );
  });

  it('is ended, with all that it started, once its time is over', async () => {
    await makeHook('alpha', 'linger', 'say lingering; sleep 600 & sleep 600');
    const hooks: Hooks = {
      beforeCapture: [{ run: ['linger'], timeout: '1s' }],
      afterCapture: [run('say', 'undo')],
    };
    await system.apply(writeDocument('wiki', spec('wiki', hooks)));
    const failure = failureOf(await syncNow(system, 'wiki'));
    expect(failure).toMatchObject({ type: 'HookFailed', host: 'alpha' });
    expect(failure?.message).toMatch(/^hook linger failed: .* did not finish within 1\.0s/);
    expect(await takeLog()).toEqual(['lingering', 'undo']);
    expect(await findRunning('linger')).toEqual([]);
  });

  it('after publish fails the sync, though the point is made', async () => {
    await system.apply(writeDocument('wiki', spec('wiki', { afterPublish: [run('refuse')] })));
    await change('wiki');
    const before = await system.status('wiki');
    const record = await syncNow(system, 'wiki');
    expect(failureOf(record)).toMatchObject({ type: 'HookFailed', host: 'beta' });
    await system.apply(writeDocument('wiki', spec('wiki', {})));
    await syncWell(system, 'wiki');
    expect(await readFile(at('wiki-target', 'changed'), 'utf8')).toBe(
      await readFile(at('wiki-source', 'changed'), 'utf8'),
    );
    expect((await system.status('wiki')).targets[0]?.recoveryPoint).not.toBe(
      before.targets[0]?.recoveryPoint,
    );
    await takeLog();
  });
});

/** Command lines of processes that a hook started. */
async function findRunning(name: string): Promise<string[]> {
  const { readdir } = await import('node:fs/promises');
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(join(hooksOf('alpha'), name))) found.push(line);
  }
  return found;
}

describe('the undo of a hook', () => {
  const hooks: Hooks = { beforeCapture: [run('wait')], afterCapture: [run('say', 'undo')] };

  it('runs when the capture fails', async () => {
    await makeHook('alpha', 'lose', 'say losing; mv "$TIDEMARK_VOLUME" "$TIDEMARK_VOLUME.away"');
    const losing = { ...hooks, beforeCapture: [run('lose')] };
    await system.apply(writeDocument('wiki', spec('wiki', losing)));
    expect(failureOf(await syncNow(system, 'wiki'))?.type).toBe('VolumeMissing');
    expect(await takeLog()).toEqual(['losing', 'undo']);
    await rename(at('wiki-source.away'), at('wiki-source'));
  });

  it('runs when the sync is cancelled, and the hook that was at work is ended', async () => {
    await system.apply(writeDocument('wiki', spec('wiki', hooks)));
    const { workflowId } = await system.json<{ workflowId: string }>('sync', 'wiki');
    await untilSaid('waiting');
    const { sequence } = await system.status('wiki');
    await (await system.client()).workflow.getHandle(workflowId).cancel();
    const record = await syncAfter(system, 'wiki', sequence - 1);
    expect(record.result).toBe('cancelled');
    await untilSaid('undo');
    expect(await takeLog()).toEqual(['waiting', 'undo']);
    expect(await findRunning('wait')).toEqual([]);
  });

  it('is owed by an agent that was killed: the next one runs it at once, and the sync goes on by itself', async () => {
    const { workflowId } = await system.json<{ workflowId: string }>('sync', 'wiki');
    await untilSaid('waiting');
    await system.kill('agent:alpha');
    await takeLog();
    await makeHook('alpha', 'wait', 'say "not waiting"');
    system.launch('agent:alpha');
    await untilSaid('undo');
    expect((await takeLog())[0]).toBe('undo');
    const result = (await (await system.client()).workflow.getHandle(workflowId).result()) as SyncRecord;
    expect(result.result).toBe('succeeded');
    expect(await takeLog()).toEqual(['not waiting', 'undo']);
  });
});

describe('a spec alone', () => {
  it('executes nothing: every hook that the operators of the hosts did not provide is refused, each with its reason', async () => {
    await writeFile(join(hooksOf('alpha'), 'plain'), 'no program');
    await writeFile(join(folder, 'outside'), '#!/bin/sh\n');
    await chmod(join(folder, 'outside'), 0o755);
    await symlink('../outside', join(hooksOf('alpha'), 'way-out'));
    await symlink('/bin/sh', join(hooksOf('alpha'), 'shell'));
    await mkdir(join(hooksOf('alpha'), 'folder'));
    const wanted: Spec = {
      source: { host: 'alpha', directory: at('wiki-source') },
      targets: [
        { host: 'beta', directory: at('x-beta') },
        { host: 'gamma', directory: at('x-gamma') },
      ],
      hooks: {
        beforeCapture: ['plain', 'way-out', 'shell', 'folder', 'missing'].map((name) => run(name)),
        afterPublish: [run('say')],
      },
    };
    const ran = await system.cli(['apply', '-f', '-', '-o', 'json'], { stdin: writeDocument('x', wanted) });
    expect(ran.exitCode).toBe(2);
    expect(parseError(ran).problems).toEqual(
      [
        /alpha.*hook plain: .* is not executable; chmod \+x/,
        /alpha.*hook way-out: there is no such file/,
        /alpha.*hook shell: there is no such file/,
        /alpha.*hook folder: there is no such file/,
        /alpha.*hook missing: there is no such file/,
        /gamma.*hook say: this agent runs no hooks; start it with --allow-hooks/,
      ].map((reason) => expect.stringMatching(reason) as unknown),
    );
  });

  it('is told at once of what a failover, a relocation or a drill would miss', async () => {
    await writeFiles(at('later-source'), { page: 'x' });
    const hooks = {
      quiesce: [run('stop-it')],
      afterPromote: [run('start-it')],
      probeDrill: [run('say')],
    };
    const ran = await system.cli(['apply', '-f', '-'], {
      stdin: writeDocument('later', spec('later', hooks)),
    });
    expect(ran.exitCode).toBe(0);
    expect(ran.stderr).toMatch(/warning: .*alpha.*hook stop-it: there is no such file/);
    expect(ran.stderr).toMatch(/warning: .*beta.*hook start-it: there is no such file/);
    expect(ran.stderr).not.toContain('hook say');
    await system.retire('later');
  });

  it('names no path: such a spec is refused with its line', async () => {
    for (const name of ['/bin/sh', '../outside', 'folder/x', '-rf']) {
      const wanted = spec('x', { beforeCapture: [run(name)] });
      const ran = await system.cli(['apply', '-f', '-'], { stdin: writeDocument('x', wanted) });
      expect(ran.exitCode).toBe(2);
      expect(ran.stderr).toMatch(/\(standard input\):\d+.*must be the plain name of a file/);
    }
  });

  it('runs nothing where the operator took the folder away after the spec was accepted', async () => {
    await system.apply(writeDocument('wiki', spec('wiki', { beforeCapture: [run('say', 'running')] })));
    await rename(join(hooksOf('alpha'), 'say'), join(folder, 'say-away'));
    await symlink(join(folder, 'say-away'), join(hooksOf('alpha'), 'say'));
    expect(failureOf(await syncNow(system, 'wiki'))?.type).toBe('HookFailed');
    expect(await takeLog()).toEqual([]);
  });
});

/** What the command line refuses, how it says so, and the exit codes that scripts rely on. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RelationshipInput } from '../../src/model/spec';
import { TestSystem } from '../support/system/system';
import { applyAndSync, parseError, writeDocument, writeFiles } from '../support/system/user';

jest.setTimeout(120_000);

let system: TestSystem;
const at = (...parts: string[]) => join(system.folder, 'data', ...parts);

beforeAll(async () => {
  system = await TestSystem.start({ agents: { alpha: {}, beta: {}, gamma: {} } });
  await writeFiles(at('blog'), { 'post.txt': 'first post\n' });
});
afterAll(() => system.stop());

const blog = (): RelationshipInput['spec'] => ({
  source: { host: 'alpha', directory: at('blog') },
  targets: [{ host: 'beta', directory: at('beta-blog') }],
});

describe('a file of mistakes', () => {
  const MISTAKES = `apiVersion: tidemark/v1
kind: Relationship
metadata: { name: wiki }
spec:
  source: { host: alpha, directory: relative/path }
  targets:
    - { host: beta, directori: /srv/copies/wiki }
  trigger: { schedul: "0 3 * * *" }
---
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: blog }
spec:
  source: { host: alpha, directory: /srv/blog, copyMethod: Snapshoot }
  targets:
    - { host: beta, directory: /etc }
`;

  it('is refused with every mistake of every document, each with its line and a guess, and changes nothing', async () => {
    await writeFile(at('mistakes.yaml'), MISTAKES);
    const ran = await system.cli(['apply', '-f', at('mistakes.yaml'), '-o', 'json']);
    expect(ran.exitCode).toBe(2);
    const { type, problems = [] } = parseError(ran);
    expect(type).toBe('InvalidSpec');
    for (const [line, text] of [
      [5, 'absolute'],
      [7, 'directory'],
      [8, 'schedule'],
      [14, 'Snapshot'],
      [16, '/etc'],
    ] as const) {
      expect(problems.filter((problem) => problem.includes(`mistakes.yaml:${line}`))).toEqual(
        expect.arrayContaining([expect.stringContaining(text)]),
      );
    }
    expect(await system.json('get')).toEqual([]);
  });

  it('shows all of them to a person, too', async () => {
    const { exitCode, stdout, stderr } = await system.cli(['apply', '-f', at('mistakes.yaml')]);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('refused, and nothing was changed:');
    expect(stderr).toMatch(/mistakes\.yaml:8.*schedul.*did you mean.*schedule/i);
  });

  it('spoils a good document beside it', async () => {
    const stdin = `${writeDocument('good', blog())}\n---\n${writeDocument('Bad Name', blog())}`;
    const { exitCode, stderr } = await system.cli(['apply', '-f', '-'], { stdin });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('(standard input)');
    expect((await system.cli(['get', 'good'])).exitCode).toBe(3);
  });

  it('is told what hosts find, too: of every endpoint at once', async () => {
    const spec = {
      source: { host: 'alpha', directory: at('not-there') },
      targets: [
        { host: 'beta', directory: at('beta-x'), copyMethod: 'Snapshot' as const },
        { host: 'gamma', directory: at('gamma-x'), mustBeMounted: true },
      ],
      hooks: { beforeCapture: [{ run: ['freeze'] }] },
    };
    const ran = await system.cli(['apply', '-f', '-', '-o', 'json'], { stdin: writeDocument('x', spec) });
    expect(ran.exitCode).toBe(2);
    const { problems = [] } = parseError(ran);
    expect(problems).toEqual([
      expect.stringContaining('not-there does not exist'),
      expect.stringContaining('this agent runs no hooks'),
      expect.stringContaining("can't snapshot"),
      expect.stringContaining('mustBeMounted'),
    ]);
    expect((await system.cli(['get', 'x'])).exitCode).toBe(3);
  });
});

describe('exit codes', () => {
  beforeAll(() => applyAndSync(system, 'blog', blog()));

  it('0: done', async () => {
    expect((await system.cli(['get'])).exitCode).toBe(0);
  });

  it('1: a sync that fails, with what failed, where, and what to do', async () => {
    await mkdir(at('vanishing'));
    await writeFiles(at('vanishing'), { file: 'x' });
    const spec = { ...blog(), source: { host: 'alpha', directory: at('vanishing') } };
    await applyAndSync(system, 'vanishing', {
      ...spec,
      targets: [{ host: 'beta', directory: at('beta-v') }],
    });
    await rm(at('vanishing'), { recursive: true });
    const ran = await system.cli(['sync', 'vanishing', '--wait']);
    expect(ran.exitCode).toBe(1);
    expect(ran.stdout).toContain('VolumeMissing');
    expect(ran.stdout).toContain(at('vanishing'));
    expect(ran.stdout).toContain('What to do:');
    await system.cli(['delete', 'vanishing', '--yes']);
  });

  it('2: wrong use', async () => {
    for (const args of [
      ['sync'],
      ['get', '--wrong'],
      ['restore', 'blog', '--point', 'x', '--to', 'nowhere'],
      ['apply', '-f', at('no-such-file.yaml')],
      ['no-such-command'],
    ]) {
      expect({ args, ...(await system.cli(args)) }).toMatchObject({ args, exitCode: 2, stdout: '' });
    }
  });

  it('3: refused by the state', async () => {
    for (const args of [
      ['get', 'nobody'],
      ['sync', 'nobody'],
      ['approve', 'blog'],
      ['history', 'nobody'],
      ['points', 'nobody'],
      ['restore', 'nobody', '--point', 'latest', '--to', 'beta:/srv/x'],
    ]) {
      expect({ args, ...(await system.cli(args)) }).toMatchObject({ args, exitCode: 3, stdout: '' });
    }
  });

  it('4: nobody answers', async () => {
    const env = { TEMPORAL_ADDRESS: '127.0.0.1:1', TIDEMARK_URL: 'http://127.0.0.1:1' };
    for (const args of [['get'], ['history', 'blog']]) {
      const ran = await system.cli(args, { env });
      expect({ args, ...ran }).toMatchObject({ args, exitCode: 4, stdout: '' });
      expect(ran.stderr).toContain('127.0.0.1:1');
    }
  });
});

describe('the same mistake, made with any command that names a relationship,', () => {
  const COMMANDS = [
    ...['get NAME', 'describe NAME', 'history NAME', 'points NAME', 'sync NAME', 'verify NAME', 'drill NAME'],
    ...['approve NAME', 'pause NAME', 'resume NAME', 'cancel NAME', 'delete NAME --yes'],
    ...['failover NAME --yes', 'reverse NAME --yes', 'relocate NAME --target beta --yes'],
    'restore NAME --point latest --to alpha:/srv/nowhere --yes',
  ];
  /** What every command answered: code, type, message and hint. Several at a time. */
  async function tryAll(more: string[], env: Record<string, string> = {}) {
    const waiting = [...COMMANDS];
    const told: { command: string; exitCode: number; type: string; message: string; hint?: string }[] = [];
    const turn = async () => {
      for (let command = waiting.shift(); command !== undefined; command = waiting.shift()) {
        const args = command.replace('NAME', 'nobody').split(' ');
        const ran = await system.cli([...args, ...more, '-o', 'json'], { env });
        const { type, message, hint } = parseError(ran);
        told.push({ command, exitCode: ran.exitCode, type, message, ...(hint !== undefined && { hint }) });
      }
    };
    await Promise.all([turn(), turn(), turn(), turn()]);
    return told;
  }
  const like = (wanted: object) => COMMANDS.map(() => expect.objectContaining(wanted) as unknown);
  const text = (words: string) => expect.stringContaining(words) as unknown;

  it('is told alike where there is no such relationship', async () => {
    const wanted = { exitCode: 3, type: 'NotFound', message: text('nobody'), hint: text('tidemark get') };
    expect(await tryAll([])).toEqual(like(wanted));
  });

  it('is told alike where an option is misspelled', async () => {
    expect(await tryAll(['--wat'])).toEqual(
      like({ exitCode: 2, type: 'WrongUse', message: text("unknown option '--wat'") }),
    );
  });

  it('is told alike where nobody answers', async () => {
    const env = { TEMPORAL_ADDRESS: '127.0.0.1:1', TIDEMARK_URL: 'http://127.0.0.1:1' };
    const wanted = {
      exitCode: 4,
      type: 'Unreachable',
      message: text('127.0.0.1:1'),
      hint: text('does it run'),
    };
    expect(await tryAll([], env)).toEqual(like(wanted));
  });

  it.each([
    'points blog',
    'verify blog',
    'drill blog',
    'failover blog --yes',
    'relocate blog --yes',
    'restore blog --point latest --to alpha:/srv/nowhere --yes',
  ])('is told alike where there is no such target: %s', async (command) => {
    const ran = await system.cli([...command.split(' '), '--target', 'nobody']);
    expect(ran.exitCode).toBe(3);
    expect(ran.stderr).toContain('relationship blog has no target nobody');
    expect(ran.stderr).toContain('What to do: it has beta');
  });

  it.each(['verify blog', 'drill blog', 'failover blog --yes', 'restore blog --to alpha:/srv/nowhere --yes'])(
    'is told alike where there is no such recovery point: %s',
    async (command) => {
      const ran = await system.cli([...command.split(' '), '--point', '20200101T000000Z-000001']);
      expect(ran.exitCode).toBe(3);
      expect(ran.stderr + ran.stdout).toContain('no recovery point 20200101T000000Z-000001');
      expect(ran.stderr + ran.stdout).toContain('tidemark points blog');
    },
  );

  it.each([
    'delete blog',
    'failover blog',
    'relocate blog --target beta',
    'restore blog --point latest --to alpha:/srv/nowhere',
  ])('is told alike where a yes is needed, and nobody can be asked: %s', async (command) => {
    const ran = await system.cli(command.split(' '));
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('What to do: add --yes');
    expect(await system.json('get', 'blog')).toMatchObject({ phase: 'Idle' });
  });
});

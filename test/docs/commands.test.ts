/** Every command, option, script, setting and metric that the documentation names is there. */
import type { Command } from 'commander';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { makeProgram } from '../../src/cli/program';
import { ERROR_TYPES } from '../../src/model/errors';
import { SEARCH_ATTRIBUTES } from '../../src/model/search-attributes';
import { readPages, readSteps, ROOT } from '../support/markdown';

const pages = readPages();
const program = makeProgram('0');
const scripts = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Words of a command line, quotes taken off; comments and what comes after a pipe or redirection left out. */
function splitWords(line: string): string[] {
  const words = line.match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? [];
  const end = words.findIndex((word) => /^(#.*|\||>|>>|&&|;|<<.*|…)$/.test(word));
  return (end < 0 ? words : words.slice(0, end)).map((word) => word.replace(/^(['"])(.*)\1$/s, '$2'));
}

/** Every command line in the documentation that calls `tidemark`, as its arguments. */
function findCalls(): { where: string; args: string[] }[] {
  return pages.flatMap(({ path, blocks, code }) => {
    const lines = blocks
      .filter(({ language }) => language === 'sh' || language === 'console')
      .flatMap((block) =>
        readSteps(block).flatMap(({ command }) =>
          command.split('\n').map((text) => ({ text, line: block.line })),
        ),
      );
    return [...lines, ...code].flatMap(({ text, line }) => {
      const last = text.split(' | ').at(-1) ?? '';
      const call = /^\s*(?:[A-Z_]+=\S+ )*(?:npx )?tidemark((?: .*)?)$/.exec(last);
      return call ? [{ where: `${path}:${line}: ${text}`, args: splitWords(call[1] ?? '') }] : [];
    });
  });
}

/** What is wrong with the arguments of one call; undefined where nothing is. */
function findMistake(args: readonly string[]): string | undefined {
  const [name, ...rest] = args;
  if (name === undefined) return undefined;
  const command = program.commands.find((each) => each.name() === name);
  if (!command) return `there is no command ${name}`;
  return findWrongOption(command, rest);
}

function findWrongOption(command: Command, rest: readonly string[]): string | undefined {
  let positional = 0;
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index] ?? '';
    if (!word.startsWith('-') || word === '-') {
      positional++;
      continue;
    }
    const [flag = ''] = word.split('=');
    if (flag === '--help') continue;
    const option = command.options.find(({ short, long }) => flag === short || flag === long);
    if (!option) return `${command.name()} has no option ${flag}`;
    if (option.required && !word.includes('=')) index++;
  }
  const { registeredArguments } = command;
  const most = registeredArguments.some(({ variadic }) => variadic) ? Infinity : registeredArguments.length;
  return positional > most ? `${command.name()} takes ${most} arguments` : undefined;
}

/** What containers are started with, anywhere in an object. */
function findArgs(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  const { args } = value as { args?: string[] };
  return [...(Array.isArray(args) ? [args] : []), ...Object.values(value).flatMap(findArgs)];
}

describe('the documentation', () => {
  it('calls only commands that there are, with options that they have', () => {
    const calls = findCalls();
    expect(calls.length).toBeGreaterThan(50);
    const wrong = calls.flatMap(({ where, args }) => {
      const mistake = findMistake(args);
      return mistake === undefined ? [] : [`${where}: ${mistake}`];
    });
    expect(wrong).toEqual([]);
  });

  it('would be told of a command or an option that there is not', () => {
    expect(findMistake(['synch', 'wiki'])).toContain('no command');
    expect(findMistake(['sync', 'wiki', '--waits'])).toContain('no option');
    expect(findMistake(['verify', 'wiki', 'blog'])).toContain('takes 1');
    expect(findMistake(['up', '--ui-port', '1', '--no-quick-start'])).toBeUndefined();
  });

  it('tells of every command', () => {
    const called = new Set(findCalls().map(({ args }) => args[0]));
    const names = program.commands.map((command) => command.name()).filter((name) => name !== 'completion');
    expect(names.filter((name) => !called.has(name))).toEqual([]);
  });

  it("gives systemd's units options that the commands have", () => {
    for (const file of globSync('deploy/systemd/*.service', { cwd: ROOT })) {
      const text = readFileSync(join(ROOT, file), 'utf8');
      const [, call = ''] = /^ExecStart=.*tidemark\.mjs (.*)$/m.exec(text) ?? [];
      expect(findMistake(splitWords(call).filter((word) => !word.startsWith('$')))).toBeUndefined();
    }
    for (const file of globSync('deploy/systemd/*.env.example', { cwd: ROOT })) {
      const text = readFileSync(join(ROOT, file), 'utf8');
      for (const [, command = '', options = ''] of text.matchAll(/TIDEMARK_(AGENT|CONTROL)_OPTIONS=(.+)$/gm))
        expect(findMistake([command.toLowerCase(), ...splitWords(options)])).toBeUndefined();
    }
  });

  it('gives the containers of manifests options that the commands have', () => {
    const files = ['kubernetes/install', 'kubernetes/agent', 'kubernetes/withdraw'].map(
      (name) => `${name}.yaml`,
    );
    const calls = [...files, 'bundle/manifests/tidemark.clusterserviceversion.yaml'].flatMap((file) =>
      parseAllDocuments(readFileSync(join(ROOT, 'deploy', file), 'utf8')).flatMap((each) =>
        findArgs(each.toJS()),
      ),
    );
    expect(calls.length).toBe(6);
    expect(calls.map(findMistake)).toEqual(calls.map(() => undefined));
  });

  it('names only scripts of npm that there are', () => {
    const named = pages.flatMap(({ path, code, blocks }) =>
      [...code, ...blocks].flatMap(({ text, line }) =>
        [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, script = '']) => ({ script, path, line })),
      ),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ script }) => !Object.hasOwn(scripts.scripts, script))).toEqual([]);
  });

  it('names only settings of the environment that something reads, and every one of ours', () => {
    const readAll = (...patterns: string[]) =>
      globSync(patterns, { cwd: ROOT })
        .filter((path) => !path.endsWith('.test.ts'))
        .map((path) => readFileSync(join(ROOT, path), 'utf8'))
        .join('\n');
    const sources = readAll('{src,bin}/**/*.{ts,mjs}');
    const others = readAll(
      'node_modules/@temporalio/envconfig/lib/envconfig-toml.js',
      'test/{chaos,conformance,support}/**/*.ts',
      'jest.config.js',
    );
    const text = pages.flatMap(({ code }) => code.map((each) => each.text)).join('\n');
    const named = new Set(text.match(/\b(TIDEMARK|TEMPORAL)_[A-Z_]+\b/g));
    const known = (name: string) => sources.includes(name) || others.includes(name);
    expect([...named].filter((name) => !known(name))).toEqual([]);
    const read = new Set(sources.match(/\benv\.TIDEMARK_[A-Z_]+|TIDEMARK_(DATABASE_URL|TOKEN)\b/g));
    const missing = [...read].map((name) => name.replace('env.', '')).filter((name) => !named.has(name));
    expect(missing).toEqual([]);
  });
});

describe('operations', () => {
  const operations = pages.find(({ path }) => path === 'docs/operations.md');
  const notifications = pages.find(({ path }) => path === 'docs/notifications.md');

  /** Headings one level below another one. */
  function headingsUnder(title: string): string[] {
    const headings = operations?.headings ?? [];
    const start = headings.findIndex(({ text }) => text === title) + 1;
    const end = headings.findIndex(({ level }, index) => index >= start && level <= 2);
    return headings.slice(start, end < 0 ? undefined : end).map(({ text }) => text);
  }

  it('says of every type of error what it means, and of no other', () => {
    expect(headingsUnder('Errors')).toEqual(ERROR_TYPES);
  });

  it('lists every metric of being told', () => {
    const source = readFileSync(join(ROOT, 'src/workers/notify/metrics.ts'), 'utf8');
    const metrics = new Set(source.match(/\btidemark_[a-z_]+\b/g));
    const listed = notifications?.code.flatMap(({ text }) => text.match(/^tidemark_[a-z_]+$/g) ?? []) ?? [];
    expect(new Set(listed)).toEqual(metrics);
  });

  it('lists every search attribute with its type', () => {
    const rows = operations?.code.map(({ text }) => text) ?? [];
    for (const { name } of Object.values(SEARCH_ATTRIBUTES)) expect(rows).toContain(name);
  });
});

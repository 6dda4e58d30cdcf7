import type { Command } from 'commander';
import { completionScript, SHELLS } from './completion-scripts';
import { makeProgram } from './program';
import { runCli } from './run';

const program = makeProgram('0.0.0');
const commands = program.commands.map((command) => [command.name(), command] as const);

/** What --help prints. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

/** Runs a command line; answers exit code and what it said on stderr. */
async function run(...argv: string[]): Promise<{ code: number; said: string }> {
  let said = '';
  const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  try {
    return { code: await runCli(argv), said };
  } finally {
    write.mockRestore();
  }
}

test('every command that users were promised is there', () => {
  const promised =
    'up agent control apply get describe delete sync pause resume approve verify history points restore doctor completion';
  expect(commands.map(([name]) => name)).toEqual(expect.arrayContaining(promised.split(' ')));
});

describe.each(commands)('tidemark %s', (name, command) => {
  it('has a help with an example of itself', () => {
    expect(helpOf(command)).toMatch(new RegExp(`Examples:[^]*tidemark ${name}\\b`));
  });

  it('says what it is in one line of the list', () => {
    expect(command.summary().length).toBeGreaterThan(0);
    expect(command.summary().length).toBeLessThan(60);
  });

  it.each(SHELLS)('is completed in %s, with its options', (shell) => {
    const script = completionScript(shell, program);
    expect(script).toMatch(new RegExp(`\\b${name}\\b`));
    for (const option of command.options) expect(script).toContain((option.long ?? '').replace(/^--/, ''));
  });
});

test('every exit code is explained in the help', () => {
  const help = helpOf(program);
  for (const code of [0, 1, 2, 3, 4]) expect(help).toMatch(new RegExp(`^  ${code}  \\w`, 'm'));
});

describe('wrong use', () => {
  it.each([
    ['an unknown command', ['snyc'], 'Did you mean sync?'],
    ['an unknown option', ['sync', 'wiki', '--wiat'], 'Did you mean --wait?'],
    ['a missing argument', ['verify'], "missing required argument 'name'"],
    ['a command for many that is told of none', ['sync'], 'which relationships?'],
    ['a command for many that is told twice', ['pause', 'wiki', '--all'], 'exclude each other'],
    ['a missing option', ['apply'], "required option '-f, --file <path>'"],
    ['a format that there is not', ['get', '-o', 'xml'], 'It must be among table, wide, name, json, yaml'],
    ['a place that is none', ['restore', 'wiki', '--point', 'x', '--to', 'beta'], 'HOST:/absolute/path'],
    ['a path out of a point', ['ls', 'wiki', '../x'], 'must not contain ".."'],
    ['a difference from nothing', ['diff', 'wiki'], 'name the earlier point'],
    ['a port that is none', ['up', '--http-port', '0'], 'from 1 to 65535'],
    ['a file that is not there', ['apply', '-f', '/nonexistent.yaml'], "can't read /nonexistent.yaml"],
  ])('%s ends with 2 and says what is wrong', async (_what, argv, text) => {
    const { code, said } = await run(...argv);
    expect(code).toBe(2);
    expect(said).toContain(text);
  });

  it('is told as JSON where that was asked for', async () => {
    const { said } = await run('sync', '-o', 'json');
    expect(JSON.parse(said)).toMatchObject({ error: { type: 'WrongUse', exitCode: 2 } });
  });
});

import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { quoteForShell } from './authorized-keys';
import { chooseCommand, UNKNOWN_COMMAND } from './choose-command';

/** As sshd runs the forced command: by the login shell, with what the client asked for beside it. */
function run(commands: Record<string, string[]>, asked: string) {
  const command = quoteForShell(chooseCommand(commands));
  const env = { PATH: process.env['PATH'], SSH_ORIGINAL_COMMAND: asked };
  return spawnSync('sh', ['-c', command], { env, encoding: 'utf8' });
}

const COMMANDS = {
  '/landing/': ['printf', '%s|', 'main', "it's", '$(id)', '', '; ls'],
  '/landing/dry/': ['printf', '%s|', 'dry'],
};

describe('a landing for several commands', () => {
  it.each([
    ['rsync --server -lH . /landing/', "main|it's|$(id)||; ls|"],
    ['rsync --server -nlH . /landing/dry/', 'dry|'],
  ])('runs what the last word of %s asks for, with its own words unharmed', (asked, printed) => {
    expect(run(COMMANDS, asked).stdout).toBe(printed);
  });

  it.each([
    '',
    '/landing/dry/',
    'rsync . /landing/dry/ x',
    'rsync . /landing/other/',
    'rsync . /landing/*',
    'rsync . */',
    'rsync ./landing/',
    'sh -c "x . /landing/ "',
  ])('runs nothing for %j', (asked) => {
    const { stdout, status } = run(COMMANDS, asked);
    expect({ stdout, status }).toEqual({ stdout: '', status: UNKNOWN_COMMAND });
  });

  it('runs none but its own commands, whatever is asked for', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('$', '(', ')', '*', '/', '.', ' ', 'a', "'", '"', '`', ';') }),
        (text) => {
          const { stdout } = run({ a: ['printf', 'one'] }, text);
          expect(stdout).toBe(text.endsWith(' . a') ? 'one' : '');
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is the command itself, with no shell left around it', () => {
    const command = quoteForShell(chooseCommand({ here: ['sh', '-c', 'echo $PPID'] }));
    const env = { PATH: process.env['PATH'], SSH_ORIGINAL_COMMAND: 'x . here' };
    const printed = execFileSync('sh', ['-c', `exec ${command}`], { env, encoding: 'utf8' });
    expect(Number(printed)).toBe(process.pid);
  });
});

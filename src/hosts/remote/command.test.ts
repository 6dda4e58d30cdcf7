import { execFileSync } from 'node:child_process';
import { errorOfType } from '../../../test/support/expect-type';
import { makeCommand } from './command';

const ODD = [
  '$(id)',
  'a b',
  "it's",
  '',
  '*',
  '!x',
  '`id`',
  '-n',
  'new\nline',
  'back\\slash',
  '~',
  'é',
  'a=b',
  '"',
];

it.each(['sh', 'bash'])('carries any argument through %s as it is', (shell) => {
  const command = makeCommand('nas', ['printf', '%s\\0', ...ODD]);
  const output = execFileSync(shell, ['-c', command]).toString();
  expect(output.split('\0').slice(0, -1)).toEqual(ODD);
});

it('refuses what no argument can hold, and what is too long for a login shell', () => {
  expect(() => makeCommand('nas', ['cat', 'a\0b'])).toThrow(errorOfType('InvalidSpec'));
  expect(() => makeCommand('nas', ['cat', 'x'.repeat(200_000)])).toThrow(/E2BIG/);
});

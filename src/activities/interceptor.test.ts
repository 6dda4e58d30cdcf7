import { ApplicationFailure } from '@temporalio/common';
import { TidemarkError } from '../model/errors';
import { toApplicationFailure } from './interceptor';

function isTriedAgain(error: Error, attempt: number, host?: string): boolean {
  const failure = toApplicationFailure(error, attempt, host);
  return failure instanceof ApplicationFailure && failure.nonRetryable !== true;
}

test('a database that is away is waited for, however often it was asked', () => {
  expect(isTriedAgain(new TidemarkError('ToolFailed', 'cannot be reached'), 40)).toBe(true);
  expect(isTriedAgain(new Error('socket hang up'), 40)).toBe(true);
});

test('a tool that fails on a host in a way that nobody knows is tried once more, and no further', () => {
  const error = new TidemarkError('ToolFailed', 'exit 99');
  expect(isTriedAgain(error, 1, 'alpha')).toBe(true);
  expect(isTriedAgain(error, 2, 'alpha')).toBe(false);
  expect(isTriedAgain(new Error('?'), 2, 'alpha')).toBe(false);
});

test('what a retry cannot mend is not tried again, and says where it failed', () => {
  const failure = toApplicationFailure(new TidemarkError('VolumeMissing', 'gone'), 1, 'alpha');
  expect(failure).toMatchObject({
    type: 'VolumeMissing',
    nonRetryable: true,
    details: [{ host: 'alpha' }, {}],
  });
});

test.each([
  [
    'of this machine',
    Object.assign(new Error('ENOSPC: no space left, mkdir'), { code: 'ENOSPC', path: '/x/y' }),
  ],
  [
    'over SSH',
    Object.assign(
      new TidemarkError('ToolFailed', '/x/y could not be made', { toolMessage: 'mkdir: No space' }),
      {
        code: 'ENOSPC',
      },
    ),
  ],
])('a file for which there is no room is told as that, on a host %s', (_host, error) => {
  expect(toApplicationFailure(error, 1, 'beta')).toMatchObject({
    type: 'TargetFull',
    message: expect.stringContaining('/x/y') as string,
    nonRetryable: true,
    details: [{ host: 'beta', hint: expect.stringContaining('df -i') as string }, {}],
  });
});

test('a file that the agent may not touch is told as that, with whom it runs as', () => {
  const error = Object.assign(new Error("EACCES: permission denied, open '/x/y'"), {
    code: 'EACCES',
    path: '/x/y',
  });
  expect(toApplicationFailure(error, 1, 'beta')).toMatchObject({
    type: 'ToolFailed',
    message: 'permission denied: /x/y',
    details: [{ host: 'beta', hint: expect.stringContaining('run the agent as root') as string }, {}],
  });
});

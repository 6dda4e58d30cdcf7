import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import {
  QueryNotRegisteredError,
  ServiceError,
  WorkflowFailedError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { TidemarkError } from '../model/errors';
import { ClientError, tellError } from './exit-codes';

const failure = (type: string, detail?: object) =>
  ApplicationFailure.create({
    type,
    message: 'words',
    nonRetryable: true,
    ...(detail && { details: [detail] }),
  });

describe('the table from errors to exit codes', () => {
  it.each([
    ['a plain error', new Error('x'), 1],
    ['a failed sync', new WorkflowFailedError('failed', failure('TargetFull'), 'TERMINATED' as never), 1],
    ['a spec that was refused', new WorkflowUpdateFailedError('refused', failure('InvalidSpec')), 2],
    ['wrong use', new ClientError('WrongUse', 'x'), 2],
    [
      'a state that does not allow it',
      new WorkflowUpdateFailedError('refused', failure('RefusedByState')),
      3,
    ],
    ['no such relationship', new WorkflowNotFoundError('x', 'relationship/wiki', undefined), 3],
    ['a relationship without a spec', new QueryNotRegisteredError('no accepted spec yet', 3), 3],
    ['an up that runs already', new ClientError('AlreadyRunning', 'x'), 3],
    [
      'a Temporal that does not answer',
      new ServiceError('x', { cause: Object.assign(new Error('down'), { code: 14 }) }),
      4,
    ],
    [
      'no control worker',
      new ServiceError('x', { cause: Object.assign(new Error('no poller'), { code: 9 }) }),
      4,
    ],
    ['a control worker out of reach', new ClientError('Unreachable', 'x'), 4],
  ])('%s has its code', (_what, error, code) => {
    expect(tellError(error).exitCode).toBe(code);
  });
});

test('a failure of a workflow is told with host, tool words and hint, from its details', () => {
  const detail = { host: 'beta', volume: '/srv/wiki', toolMessage: 'No space left', hint: 'free some' };
  const error = new WorkflowFailedError('failed', failure('TargetFull', detail), 'TERMINATED' as never);
  expect(tellError(error)).toEqual({ type: 'TargetFull', message: 'words', ...detail, exitCode: 1 });
});

test('a refused spec is told with every problem', () => {
  const problems = ['one', 'two'];
  const error = new WorkflowUpdateFailedError('refused', failure('InvalidSpec', { problems }));
  expect(tellError(error).problems).toEqual(problems);
});

test("Tidemark's own errors keep their type and hint", () => {
  const error = new TidemarkError('ToolMissing', 'there is no rsync', {
    host: 'alpha',
    hint: 'apt-get install rsync',
  });
  expect(tellError(error)).toEqual({
    type: 'ToolMissing',
    message: 'there is no rsync',
    host: 'alpha',
    hint: 'apt-get install rsync',
    exitCode: 1,
  });
});

import { minute } from '../../test/support/model/records';
import {
  decodeAttempts,
  decodeFailure,
  decodeRecord,
  encodeFailure,
  encodeRecord,
  encodeStep,
} from './failure-wire';
import type { SyncRecord } from './records';

const told = {
  type: 'TargetFull',
  message: 'there is no room left',
  host: 'beta',
  volume: '/srv/wiki',
  toolMessage: 'No space left on device (28)',
  hint: 'make room there',
};

test('what is told of a failure comes out as it went in, and its hint is read in Temporal too', () => {
  const wire = encodeFailure(told);
  expect(wire).toMatchObject({ message: 'there is no room left; make room there', nonRetryable: true });
  expect(decodeFailure(wire)).toEqual(told);
  const problems = ['spec.source: is missing'];
  expect(decodeFailure(encodeFailure({ type: 'InvalidSpec', message: 'x', problems }))).toEqual({
    type: 'InvalidSpec',
    message: 'x',
    problems,
  });
});

test('a step tells its attempts, and whether another one can help', () => {
  const wire = encodeStep(told, { attempt: 4, nonRetryable: false });
  expect(decodeAttempts(wire)).toBe(4);
  expect(wire.nonRetryable).toBe(false);
  expect(decodeFailure(wire)).toEqual(told);
  expect(decodeAttempts({})).toBe(1);
});

test('a sync that failed brings its record, and nothing else is taken for one', () => {
  const record: SyncRecord = {
    syncId: 'wiki-000001',
    relationship: 'wiki',
    sequence: 1,
    reason: 'request',
    startedAt: minute(0),
    endedAt: minute(1),
    result: 'partial',
    targets: [],
    workflowId: 'w',
    runId: 'r',
  };
  const wire = encodeRecord(record);
  expect(wire.type).toBe('PartialSync');
  expect(decodeRecord(wire)).toEqual(record);
  expect(decodeRecord(encodeFailure(told))).toBeUndefined();
  expect(decodeRecord({})).toBeUndefined();
});

test('a failure of anybody else has its own type and text', () => {
  expect(decodeFailure({ message: 'boom' })).toEqual({ type: 'Unknown', message: 'boom' });
});

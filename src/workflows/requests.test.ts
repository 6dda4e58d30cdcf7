import { ApplicationFailure } from '@temporalio/workflow';
import fc from 'fast-check';
import { toApprover, toRestoreRequest, toSyncRequest, toVerifyRequest } from './requests';

test('a message may come with nothing', () => {
  expect(toSyncRequest(undefined)).toEqual({ wait: false, scheduled: false });
  expect(toVerifyRequest(null)).toEqual({});
  expect(toApprover(undefined)).toBe('unknown');
});

test('one target may be given without a list', () => {
  expect(toSyncRequest({ targets: 'beta' })).toMatchObject({ targets: ['beta'] });
});

test('a restore says from which point, and where to', () => {
  const to = { host: 'alpha', path: '/srv/again' };
  expect(toRestoreRequest({ pointId: 'p', to })).toEqual({ pointId: 'p', to, overwrite: false });
  expect(() => toRestoreRequest({ pointId: 'p', to: { host: 'alpha' } })).toThrow('are needed');
});

test('whatever comes with a message is taken or refused, and nothing else', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom(toSyncRequest, toVerifyRequest, toRestoreRequest, toApprover),
      (input, parse) => {
        try {
          parse(input);
        } catch (error) {
          expect(error).toBeInstanceOf(ApplicationFailure);
        }
      },
    ),
  );
});

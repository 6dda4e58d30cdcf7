import { readEnd } from './exec';

const failure = (reason: string, causes: object[] = []) =>
  JSON.stringify({ status: 'Failure', reason, message: `it was ${reason}`, details: { causes } });

it('reads the exit code of a command, or why it has none, from what the status channel says', () => {
  expect(readEnd('{"metadata":{},"status":"Success"}')).toEqual({ exitCode: 0 });
  const causes = [{ reason: 'ExitCode', message: '137' }];
  expect(readEnd(failure('NonZeroExitCode', causes))).toEqual({ exitCode: 137 });
  expect(readEnd(failure('InternalError', [{ message: 'container not found' }]))).toEqual({
    message: 'it was InternalError',
  });
  expect(readEnd('')).toEqual({});
  expect(readEnd('{"sta')).toEqual({ message: '{"sta' });
});

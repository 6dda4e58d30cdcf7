import type { Host } from '../../hosts/contract';
import { classifyEnding, isVanishing, wordsOf } from './classify';

const bucket = {
  host: { name: 'alpha' } as Host,
  volume: { kind: 'bucket' as const, path: 's3:company/wiki' },
};
const line = (msg: string, level = 'error') => JSON.stringify({ time: 'now', level, msg, source: 'x.go:1' });
const classify = (said: string) =>
  classifyEnding(bucket, ['--retries=1', 'copy'], {
    exitCode: 1,
    stderr: line(said),
    stdout: Buffer.from(''),
  });

// What rclone 1.76 said to stores that were away, slow, full, or closed to it.
it.each([
  [
    'operation error S3: ListObjects, request send failed, Get "http://127.0.0.1:9/": dial tcp 127.0.0.1:9: connect: connection refused',
    'HostUnreachable',
  ],
  [
    'operation error S3: PutObject, https response error StatusCode: 503, api error SlowDown: Please reduce your request rate.',
    'HostUnreachable',
  ],
  [
    'operation error S3: ListObjects, StatusCode: 403, api error InvalidAccessKeyId: The Access Key Id you provided does not exist in our records.',
    'AuthRejected',
  ],
  [
    'operation error S3: ListObjects, StatusCode: 400, api error ExpiredToken: The provided token has expired.',
    'AuthRejected',
  ],
  ["couldn't connect SSH: ssh: handshake failed: ssh: unable to authenticate", 'AuthRejected'],
  ['Failed to create file system for "x:": didn\'t find section in config file ("x")', 'AuthRejected'],
  ['write /srv/x: no space left on device', 'TargetFull'],
  ['something that nobody has seen', 'ToolFailed'],
])('makes of %j an error of type %s, in its own words', (said, type) => {
  expect(classify(said)).toMatchObject({
    type,
    details: { host: 'alpha', volume: 's3:company/wiki', toolMessage: said },
  });
});

test('reads what was said out of the log, once, and no progress', () => {
  const stats = JSON.stringify({ level: 'notice', msg: 'Transferred: 0 B', stats: {} });
  const told = [stats, line('cut off'), line('cut off'), line('reading', 'info'), 'plain words'].join('\n');
  expect(wordsOf(told)).toBe('cut off\nplain words');
});

// What rclone 1.76 said of a folder and of S3 as objects went while it read.
const GONE = 'failed to open source object: lstat /store/page: no such file or directory';
const GONE_OF_S3 = 'failed to open source object: object not found';

it.each([
  [[`Failed to copy: ${GONE}`, `Attempt 1/1 failed with 1 errors and: ${GONE}`], true],
  [[`Failed to copy: ${GONE_OF_S3}`], true],
  [[`Failed to copy: ${GONE}`, 'Failed to copy: open /here/page: no such file or directory'], false],
  [[`Failed to copy: ${GONE}`, 'write /here/page: no space left on device'], false],
  [['failed to open source object: StatusCode: 403, AccessDenied'], false],
  [[], false],
])('tells of %j whether objects only went as they were read: %s', (said, isOnly) => {
  expect(isVanishing({ stderr: said.map((each) => line(each)).join('\n') })).toBe(isOnly);
});

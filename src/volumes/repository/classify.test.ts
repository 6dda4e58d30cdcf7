import type { Host } from '../../hosts/contract';
import { classifyEnding } from './classify';

const repository = {
  host: { name: 'alpha' } as Host,
  volume: { kind: 'repository' as const, path: 's3:https://s3.example.net/wiki' },
};
const classify = (exitCode: number, stderr: string) =>
  classifyEnding(repository, ['--json', 'snapshots'], { exitCode, stderr, stdout: Buffer.from('') });

it('says what restic said in JSON alone as people read it', () => {
  const ending = { message_type: 'exit_error', code: 12, message: 'Fatal: wrong password or no key found' };
  expect(classify(12, `${JSON.stringify(ending)}\n`).details.toolMessage).toBe(ending.message);
});

// What restic 0.18 said to a store that was away, refused it, was full, or was not what it seemed.
it.each([
  [10, 'Fatal: repository does not exist: unable to open config file', 'VolumeMissing'],
  [12, 'Fatal: wrong password or no key found', 'AuthRejected'],
  [11, 'Fatal: unable to create lock in backend: repository is already locked', 'VolumeBusy'],
  [1, 'Fatal: unable to open config file: Stat: 403 Forbidden', 'AuthRejected'],
  [1, 'Stat: The Access Key Id you provided does not exist: InvalidAccessKeyId', 'AuthRejected'],
  [
    1,
    'Head "http://127.0.0.1:9/config": dial tcp 127.0.0.1:9: connect: connection refused',
    'HostUnreachable',
  ],
  [1, 'Save(<data/1f>) returned error, retrying after 1s: 503 Service Unavailable', 'HostUnreachable'],
  [1, 'Fatal: unable to save snapshot: write /srv/x: no space left on device', 'TargetFull'],
  [1, 'Load(<data/1f>, 0, 0) failed: ciphertext verification failed', 'VerificationFailed'],
  [
    1,
    'error walking snapshot: walking tree 81ed: ReadFull(<data/67>): file is too short',
    'VerificationFailed',
  ],
  [
    1,
    'error walking snapshot: walking tree 81ed: ReadFull(<data/67>): open /srv/67: no such file or directory',
    'VerificationFailed',
  ],
  [1, 'something that nobody has seen', 'ToolFailed'],
])('makes of exit code %p and %j an error of type %s, in its own words', (exitCode, stderr, type) => {
  expect(classify(exitCode, stderr)).toMatchObject({
    type,
    details: { host: 'alpha', volume: 's3:https://s3.example.net/wiki', toolMessage: stderr },
  });
});

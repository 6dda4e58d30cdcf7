import { classifyEnding } from './classify';

const classify = (exitCode: number, stderr: string) =>
  classifyEnding({
    ...{ exitCode, stderr, host: 'alpha', sourcePath: 'ssh://me@nas/x', address: 'nas:22', isAccount: true },
  });

const CLOSED = 'rsync: connection unexpectedly closed (0 bytes received so far) [sender]';

// What OpenSSH 9.2, rsync 3.5.0 and its rrsync said.
it.each([
  [255, 'Host key verification failed.', 'HostKeyMismatch', /its host key is not pinned/],
  [255, 'me@nas: Permission denied (publickey).', 'AuthRejected', /does not let the key/],
  [12, `me@nas: Permission denied (publickey).\n${CLOSED}`, 'AuthRejected', /does not let the key/],
  [
    255,
    'ssh: connect to host nas port 22: Connection refused',
    'HostUnreachable',
    /^nas:22 does not answer$/,
  ],
  [12, `sh: 1: rsync: not found\n${CLOSED}`, 'ToolMissing', /^rsync is missing at nas:22$/],
  [
    12,
    `/usr/bin/rrsync error: sending to read-only server is not allowed\n${CLOSED}`,
    'AuthRejected',
    /may not write/,
  ],
  [
    12,
    `/usr/bin/rrsync error: option --delete has been disabled\n${CLOSED}`,
    'AuthRejected',
    /does not run what/,
  ],
  [
    12,
    `/usr/bin/rrsync error: Another instance of rrsync is already accessing this directory.\n${CLOSED}`,
    'VolumeBusy',
    /^somebody else works in that folder/,
  ],
  [12, `rsync: on remote machine: -X: unknown option\n${CLOSED}`, 'AuthRejected', /does not run what/],
  [12, `ACLs are not supported on this server\n${CLOSED}`, 'AuthRejected', /does not run what/],
  [12, `This account is for backups of bob\n${CLOSED}`, 'AuthRejected', /does not run what rsync asks for$/],
  [2, 'protocol version mismatch -- is your shell clean?', 'AuthRejected', /does not run/],
  [
    11,
    'rsync: [Receiver] mkdir "/v/x" failed: No such file or directory (2)',
    'VolumeMissing',
    /nor the one that/,
  ],
  [
    23,
    'rsync: [receiver] mkstemp "/v/.a.X" failed: Permission denied (13)',
    'AuthRejected',
    /may not write there$/,
  ],
  [
    12,
    `client_loop: send disconnect: Broken pipe\n${CLOSED}`,
    'TransferInterrupted',
    /^the transfer to nas:22 was cut/,
  ],
  [255, 'Timeout, server nas not responding.', 'TransferInterrupted', /^the connection to nas:22 broke$/],
  [
    11,
    'rsync: [receiver] write failed on "/v/a": No space left on device (28)',
    'TargetFull',
    /no room left at nas:22$/,
  ],
])('makes of exit code %p and %j an error of type %s', (exitCode, stderr, type, message) => {
  expect(classify(exitCode, stderr)).toMatchObject({
    type,
    message: expect.stringMatching(message) as unknown,
  });
});

import { classifyEnding } from './classify';
import { failedAtRootAlone } from './root-alone';

const NOISE = '2026.11.30 16:04:22 LOG3[ui]: No trusted certificates found';
const NO_GREETING =
  'rsync: did not see server greeting\nrsync error: error starting client-server protocol (code 5) at main.c(1954) [sender=3.5.0]';
const classify = (exitCode: number, ...lines: string[]) =>
  classifyEnding({
    ...{ exitCode, stderr: [NOISE, ...lines].join('\n'), host: 'east', sourcePath: 'shop/data' },
    ...{ address: '192.0.2.7:8000', isAccount: true as const },
  });

// What stunnel 5.68 and rsync 3.5.0 said.
test.each([
  [
    'HostUnreachable',
    5,
    '2026.11.30 16:04:22 LOG3[0]: s_connect: connect 192.0.2.7:8000: Connection refused (111)',
  ],
  [
    'HostUnreachable',
    5,
    '2026.11.30 16:04:22 LOG3[0]: Error resolving "no-such.invalid": Neither nodename nor servname known (EAI_NONAME)',
  ],
  [
    'AuthRejected',
    5,
    '2026.11.30 16:04:22 LOG3[0]: SSL_connect: ../ssl/record/rec_layer_s3.c:1601: error:0A000417:SSL routines::sslv3 alert illegal parameter',
  ],
  ['TransferInterrupted', 5, ''],
  [
    'TransferInterrupted',
    12,
    'rsync: connection unexpectedly closed (134279 bytes received so far) [sender]',
  ],
  [
    'VolumeBusy',
    4,
    'pre-xfer exec returned failure (256):\ntidemark: what was pushed before is being taken: push again in a moment',
  ],
  ['ToolMissing', 12, './tunnel: 1: exec: stunnel: not found'],
  ['AuthRejected', 5, "@ERROR: Unknown module 'data'"],
])('%s, by exit code %d and %j', (type, code, line) => {
  expect(classify(code, line, NO_GREETING).type).toBe(type);
});

test('a daemon that may not touch the folder of its module has carried everything else', () => {
  const line = 'rsync: [generator] failed to set times on "." (in data): Operation not permitted (1)';
  expect(failedAtRootAlone(line)).toBe(true);
});

import { classifyStream, type StreamEnding } from './classify';

const OK = { exitCode: 0, stderr: '' };
const BROKEN = { exitCode: 1, stderr: "warning: cannot send 'tank/wiki@s2': Broken pipe\n" };

const about = { host: 'alpha', sourcePath: 'tank/wiki@s2', targetHost: 'beta', address: '192.0.2.7:2222' };
const classify = (ending: Partial<Pick<StreamEnding, 'send' | 'ssh'>>) =>
  classifyStream({ ...about, send: OK, ssh: OK, ...ending });
const atTarget = (stderr: string, exitCode = 1) => classify({ send: BROKEN, ssh: { exitCode, stderr } }).type;
const atSource = (stderr: string, exitCode = 1) =>
  classify({
    send: { exitCode, stderr },
    ssh: { exitCode: 1, stderr: 'cannot receive: failed to read from stream\n' },
  }).type;

it.each([
  [
    'cannot receive incremental stream: destination tank/wiki has been modified\nsince most recent snapshot\n',
    'Diverged',
  ],
  [
    'cannot receive incremental stream: most recent snapshot of tank/wiki does not\nmatch incremental source\n',
    'BaseLost',
  ],
  [
    "cannot receive new filesystem stream: destination 'tank/wiki' exists\nmust specify -F to overwrite it\n",
    'BaseLost',
  ],
  [
    'cannot receive new filesystem stream: destination has snapshots (eg. tank/wiki@x)\nmust destroy them to overwrite it\n',
    'BaseLost',
  ],
  ['cannot receive new filesystem stream: out of space\n', 'TargetFull'],
  ["cannot receive: cannot unmount 'tank/wiki': Device busy\n", 'VolumeBusy'],
  ['cannot receive new filesystem stream: dataset does not exist\n', 'VolumeMissing'],
  ['cannot receive: failed to read from stream\n', 'TransferInterrupted'],
  ['cannot receive incremental stream: permission denied\n', 'ToolFailed'],
  ["env: 'flock': No such file or directory\n", 'ToolMissing'],
  ['something that no table knows\n', 'ToolFailed'],
])('what a target says is known: %s', (stderr, type) => {
  expect(atTarget(stderr)).toBe(type);
});

it.each([
  ["warning: cannot send 'tank/wiki@s2': incremental source (@s1) does not exist\n", 'BaseLost'],
  ["cannot open 'tank/wiki@s2': dataset does not exist\n", 'VolumeMissing'],
  ["warning: cannot send 'tank/wiki@s2': I/O error\n", 'ToolFailed'],
  [
    'cannot send tank/wiki@s2: encrypted dataset tank/wiki may not be sent with properties without the raw flag; encryption key not loaded\n',
    'UnsupportedCapture',
  ],
])('what the source says counts before what the target saw of it: %s', (stderr, type) => {
  expect(atSource(stderr)).toBe(type);
});

it('knows a connection that is refused, rejected, intercepted or broken by the words of ssh', () => {
  expect(atTarget('ssh: connect to host 192.0.2.7 port 2222: Connection refused\n', 255)).toBe(
    'HostUnreachable',
  );
  expect(atTarget('root@192.0.2.7: Permission denied (publickey).\n', 255)).toBe('AuthRejected');
  expect(atTarget('Host key verification failed.\n', 255)).toBe('HostKeyMismatch');
  expect(atTarget('client_loop: send disconnect: Broken pipe\n', 255)).toBe('TransferInterrupted');
  expect(atTarget('', 255)).toBe('TransferInterrupted');
  expect(atTarget('', 75)).toBe('VolumeBusy');
});

it('says which host it is about, in the words of the tool', () => {
  const { message, details } = classify({
    send: BROKEN,
    ssh: { exitCode: 1, stderr: 'cannot receive: out of space\n' },
  });
  expect(message).toContain('beta');
  expect(details).toMatchObject({ host: 'beta', toolMessage: 'cannot receive: out of space' });
});

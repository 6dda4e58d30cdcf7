import { classifyStream, type StreamEnding } from './classify';

const ABOUT = { host: 'alpha', sourcePath: '/srv/wiki', targetHost: 'beta', address: '192.0.2.7:2222' };
const FINE = { exitCode: 0, stderr: '' };

/** As `btrfs receive` and ssh ended at the target, the sender finding its pipe broken. */
function received(stderr: string, exitCode = 1) {
  const ending: StreamEnding = { ...ABOUT, send: { exitCode: 141, stderr: '' }, ssh: { exitCode, stderr } };
  return classifyStream(ending);
}

function sent(stderr: string, exitCode = 1) {
  return classifyStream({ ...ABOUT, send: { exitCode, stderr }, ssh: { ...FINE, exitCode: 1 } });
}

it.each([
  ['ERROR: cannot find parent subvolume', 'BaseLost'],
  ['ERROR: parent subvol is not reachable from inside the root subvol', 'BaseLost'],
  ['ERROR: unlink old/page failed: No such file or directory', 'BaseLost'],
  ['At subvol wiki-000002\nERROR: writing to big failed: No space left on device', 'TargetFull'],
  ['ERROR: writing to big failed: Disk quota exceeded', 'TargetFull'],
  ['ERROR: creating subvolume wiki-000002 failed: File exists', 'TransferInterrupted'],
  ['ERROR: creating subvolume wiki-000002 failed: Read-only file system', 'NotMounted'],
  ['ERROR: short read from stream: expected 49175 read 32113', 'TransferInterrupted'],
  ['ERROR: unexpected EOF in stream', 'TransferInterrupted'],
  ['ERROR: crc32 mismatch in command', 'TransferInterrupted'],
  ['ERROR: empty stream is not considered valid', 'TransferInterrupted'],
  ['ERROR: realpath(/srv/.tidemark/wiki/wiki/incoming) failed: No such file or directory', 'VolumeMissing'],
  ["ERROR: /srv/.tidemark/wiki/wiki/incoming doesn't belong to btrfs mount point", 'NotMounted'],
  ["env: 'btrfs': No such file or directory", 'ToolMissing'],
  ['flock: failed to execute btrfs: No such file or directory', 'ToolMissing'],
  ['ERROR: something that nobody has seen yet', 'ToolFailed'],
])('takes what btrfs says at the target, %j, for %s', (stderr, type) => {
  expect(received(stderr)).toMatchObject({ type, details: { toolMessage: stderr } });
});

it.each([
  ['ssh: connect to host 192.0.2.7 port 2222: Connection refused', 255, 'HostUnreachable'],
  ['Host key verification failed.', 255, 'HostKeyMismatch'],
  ['tidemark@192.0.2.7: Permission denied (publickey).', 255, 'AuthRejected'],
  ['client_loop: send disconnect: Broken pipe', 255, 'TransferInterrupted'],
  ['', 75, 'VolumeBusy'],
])('takes what ssh says, %j, for the same as every mover does', (stderr, exitCode, type) => {
  expect(received(stderr, exitCode).type).toBe(type);
});

it.each([
  [
    'ERROR: realpath /srv/.tidemark/wiki/wiki/captures/wiki-000001 failed: No such file or directory',
    'BaseLost',
  ],
  ['ERROR: parent subvolume /srv/wiki is not read-only', 'BaseLost'],
  ['ERROR: unable to resolve /srv/.tidemark/wiki/wiki/captures/wiki-000002', 'VolumeMissing'],
  ['ERROR: send ioctl failed with -5: Input/output error', 'ToolFailed'],
])('takes what btrfs says at the source, %j, for %s', (stderr, type) => {
  expect(sent(stderr)).toMatchObject({ type, details: { host: 'alpha' } });
});

it('takes a sender that was killed for a transfer that was cut off', () => {
  expect(sent('', 137).type).toBe('TransferInterrupted');
});

it('asks the receiver why where the sender only found nobody to send to', () => {
  const reset = 'ERROR: failed to send from pipe: Connection reset by peer';
  const full = 'ERROR: writing to big failed: No space left on device';
  const ending = { ...ABOUT, send: { exitCode: 104, stderr: reset }, ssh: { exitCode: 1, stderr: full } };
  expect(classifyStream(ending).type).toBe('TargetFull');
});

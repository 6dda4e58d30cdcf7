import { classifyEnding } from './classify';
import { BAD_REQUEST, CUT_OFF } from './landing-script';

const about = { host: 'alpha', sourcePath: 'podman', targetHost: 'beta', address: '192.0.2.7:2222' };

it.each([
  [1, 'Error: copying layers: write /x: no space left on device', 'TargetFull'],
  [1, 'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?', 'VolumeMissing'],
  [
    125,
    `* oci: reading blob sha256:${'a'.repeat(64)}: open x/blobs/sha256/${'a'.repeat(64)}: no such file or directory`,
    'TransferInterrupted',
  ],
  [127, 'tidemark: 1: podman: not found', 'ToolMissing'],
  [2, 'tar: Unexpected EOF in archive', 'TransferInterrupted'],
  [255, 'client_loop: send disconnect: Broken pipe', 'TransferInterrupted'],
  [255, 'ssh: connect to host 192.0.2.7 port 2222: Connection refused', 'HostUnreachable'],
  [255, 'root@192.0.2.7: Permission denied (publickey).', 'AuthRejected'],
  [255, 'Host key verification failed.', 'HostKeyMismatch'],
  [BAD_REQUEST, '', 'InvalidSpec'],
  [CUT_OFF, '', 'TransferInterrupted'],
  [1, 'something new', 'ToolFailed'],
])('takes exit code %i with %j for %s', (exitCode, stderr, type) => {
  expect(classifyEnding({ ...about, exitCode, stderr })).toMatchObject({ type });
});

import type { SshHost } from '../../src/hosts/ssh';
import { connectTo, TestSshd } from '../support/hosts/ssh-host';
import { makeZfsStorage } from '../support/storage/zfs-storage';
import { describeSnapshotVolume } from './snapshot-volume-suite';

let sshd: TestSshd;
const connected: SshHost[] = [];

beforeAll(async () => {
  sshd = await TestSshd.start();
});
afterAll(async () => {
  for (const host of connected) host.close();
  await sshd.stop();
});

describeSnapshotVolume('a ZFS dataset of a host reached over SSH', makeZfsStorage, async (home) => {
  const host = await connectTo(sshd, 'alpha', home);
  connected.push(host);
  return host;
});

/** What drivers and movers promise, of hosts that are reached over SSH. */
import { rsyncMover } from '../../src/movers/rsync';
import type { SshHost } from '../../src/hosts/ssh';
import { connectTo, makeSshHosts, TestSshd } from '../support/hosts/ssh-host';
import { sample } from '../support/sample';
import { makeBtrfsStorage } from '../support/storage/btrfs-storage';
import { makeFolderFixture } from '../support/storage/directory-fixtures';
import { makeZfsStorage } from '../support/storage/zfs-storage';
import { describeBlocks } from './block-suite';
import { testMover } from './mover-suite';
import { describeSnapshotVolume } from './snapshot-volume-suite';
import { testStreamMover } from './stream-mover-suite';
import { describeVolume } from './volume-suite';

let sshd: TestSshd;
const connected: SshHost[] = [];

async function makeHost(home: string): Promise<SshHost> {
  const host = await connectTo(sshd, 'alpha', home);
  connected.push(host);
  return host;
}

beforeAll(async () => {
  sshd = await TestSshd.start();
});
afterAll(async () => {
  for (const host of connected) host.close();
  await sshd.stop();
});

const folders = makeFolderFixture('ext4');
const blocks = { title: 'a block device of a host reached over SSH', isDevice: true, sharesBlocks: false };

const SUITES = [
  () =>
    describeVolume({
      ...folders,
      ...{ title: `${folders.title}, of a host reached over SSH`, contentOnly: true, makeHost },
    }),
  () => describeSnapshotVolume('a ZFS dataset of a host reached over SSH', makeZfsStorage, makeHost),
  () => describeBlocks({ ...blocks, contentOnly: true, makeHost }),
  () =>
    testMover(rsyncMover, 'between hosts reached over SSH', {
      ...{ makeHosts: makeSshHosts, writeModes: ['inPlace'] },
    }),
  () => testStreamMover('zfs send, between hosts reached over SSH', makeZfsStorage, makeSshHosts),
  () => testStreamMover('btrfs send, between hosts reached over SSH', makeBtrfsStorage, makeSshHosts),
];

for (const describeSuite of sample(SUITES, 1)) describeSuite();

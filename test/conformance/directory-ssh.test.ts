import type { SshHost } from '../../src/hosts/ssh';
import { makeFolderFixture } from '../support/storage/directory-fixtures';
import { connectTo, TestSshd } from '../support/hosts/ssh-host';
import { describeVolume } from './volume-suite';

const local = makeFolderFixture('ext4');
let sshd: TestSshd | undefined;
let host: SshHost | undefined;

describeVolume({
  ...local,
  title: `${local.title}, of a host reached over SSH`,
  async makeHost(home) {
    sshd ??= await TestSshd.start();
    host ??= await connectTo(sshd, 'alpha', home);
    return { ...host, home };
  },
  contentOnly: true,
  async afterAll() {
    host?.close();
    await sshd?.stop();
    await local.afterAll?.();
  },
});

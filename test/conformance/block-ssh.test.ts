import type { SshHost } from '../../src/hosts/ssh';
import { connectTo, TestSshd } from '../support/hosts/ssh-host';
import { describeBlocks } from './block-suite';

let sshd: TestSshd | undefined;
let host: SshHost | undefined;

afterAll(async () => {
  host?.close();
  await sshd?.stop();
});

describeBlocks({
  ...{ title: 'a block device of a host reached over SSH', isDevice: true, sharesBlocks: false },
  contentOnly: true,
  async makeHost(home) {
    sshd ??= await TestSshd.start();
    host ??= await connectTo(sshd, 'alpha', home);
    return { ...host, home };
  },
});

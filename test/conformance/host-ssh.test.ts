import type { SshHost } from '../../src/hosts/ssh';
import { connectTo, TestSshd } from '../support/hosts/ssh-host';
import { describeHost } from './host-suite';

let sshd: TestSshd;
let host: SshHost;

describeHost({
  title: 'a host reached over SSH',
  async make(home) {
    sshd = await TestSshd.start();
    return (host = await connectTo(sshd, 'alpha', home));
  },
  where: () => ({ kind: 'ssh', ssh: sshd.options }),
  async afterAll() {
    host.close();
    await sshd.stop();
  },
});

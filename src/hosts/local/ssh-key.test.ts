import { utils } from 'ssh2';
import { makeSshKey } from './ssh-key';

it('makes no key that nobody can read', () => {
  for (let round = 0; round < 1500; round++) {
    const { publicLine, privateFile } = makeSshKey();
    const key = utils.parseKey(privateFile);
    if (key instanceof Error) throw key;
    expect(`ssh-ed25519 ${key.getPublicSSH().toString('base64')}`).toBe(publicLine);
  }
});

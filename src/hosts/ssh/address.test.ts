import { errorOfType } from '../../../test/support/expect-type';
import { formatSshAddress, knownHostsName, parseSshAddress } from './address';

it.each([
  ['ssh://root@nas1', { user: 'root', host: 'nas1', port: 22 }, 'nas1'],
  ['ssh://backup@10.0.0.7:2222', { user: 'backup', host: '10.0.0.7', port: 2222 }, '[10.0.0.7]:2222'],
  ['ssh://a@[2001:db8::7]:22022', { user: 'a', host: '2001:db8::7', port: 22022 }, '[2001:db8::7]:22022'],
])('reads %s', (text, address, name) => {
  expect(parseSshAddress(text)).toEqual(address);
  expect(formatSshAddress(address)).toBe(text);
  expect(knownHostsName(address)).toBe(name);
});

it.each([
  ['no scheme', 'root@nas1'],
  ['no user', 'ssh://nas1'],
  ['an option for a user', 'ssh://-l@nas1'],
  ['an option for a host', 'ssh://root@-oProxyCommand=x'],
  ['a password', 'ssh://root:secret@nas1'],
  ['a path', 'ssh://root@nas1/srv'],
  ['no port', 'ssh://root@nas1:'],
  ['a port that there is not', 'ssh://root@nas1:70000'],
])('refuses %s', (_, text) => {
  expect(() => parseSshAddress(text)).toThrow(errorOfType('InvalidSpec'));
});

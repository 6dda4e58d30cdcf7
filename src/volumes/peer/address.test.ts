import { landingOf, nameOf } from './address';

const at = (path: string) => landingOf({ kind: 'peer', path, options: { credentials: 'nas' } });

it.each([
  ['ssh://backup@nas.example.net:2222/volume1/wiki', 'backup', 'nas.example.net', 2222, '/volume1/wiki'],
  ['ssh://backup@nas/volume1//wiki/./x/', 'backup', 'nas', 22, '/volume1/wiki/x'],
  ['ssh://root@[2001:db8::7]:8022/~', 'root', '2001:db8::7', 8022, '.'],
  ['ssh://root@198.51.100.7/~/', 'root', '198.51.100.7', 22, '.'],
  ['ssh://root@198.51.100.7/~/wiki/of/all/', 'root', '198.51.100.7', 22, 'wiki/of/all'],
  ['ssh://root@198.51.100.7/~wiki', 'root', '198.51.100.7', 22, '/~wiki'],
])('reads %s', (url, user, address, port, folder) => {
  expect(at(url)).toMatchObject({ user, address, port, account: { credentials: 'nas', folder } });
});

it.each([
  ['rsync+tls://198.51.100.7/data', '198.51.100.7', 8000],
  ['rsync+tls://[2001:db8::7]:9000/data', '2001:db8::7', 9000],
])('reads %s', (url, address, port) => {
  const account = { credentials: 'nas', folder: 'data', isTls: true };
  expect(at(url)).toMatchObject({ address, port, account });
});

it('stands for each folder by a name that is safe in a path', () => {
  const name = nameOf({ path: 'ssh://backup@nas/volume1/wiki' });
  expect(name).toMatch(/^[0-9a-f]{16}$/);
  expect(nameOf({ path: 'ssh://backup@nas/volume1/wiki2' })).not.toBe(name);
});

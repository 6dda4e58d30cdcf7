import { parseClaimDoor, parseDoor } from './doors';

test('a door is told from an account by its having none', () => {
  expect(parseDoor('ssh://192.0.2.1:2222/srv//in/')).toEqual({
    ...{ address: '192.0.2.1', port: 2222, folder: '/srv/in' },
  });
  expect(parseDoor('ssh://[2001:db8::7]:2222/srv/in')).toMatchObject({ address: '2001:db8::7' });
  expect(parseDoor('ssh://host/srv/in')).toMatchObject({ port: undefined });
  expect(parseDoor('ssh://backup@192.0.2.1:2222/srv/in')).toBeUndefined();
});

test('a door into a claim is a Service and its port, and nothing behind it', () => {
  const door = { scheme: 'ssh', service: 'volsync-rsync-dst-shop', port: 22 };
  expect(parseClaimDoor('ssh://volsync-rsync-dst-shop:22/')).toEqual(door);
  expect(parseClaimDoor('ssh://volsync-rsync-dst-shop:22')).toEqual(door);
  expect(parseClaimDoor('rsync+tls://shop:8000')).toEqual({
    scheme: 'rsync+tls',
    service: 'shop',
    port: 8000,
  });
  for (const url of ['ssh://shop:22/data', 'ssh://shop/', 'ssh://root@shop:22/', 'ssh://192.0.2.1:22/'])
    expect(parseClaimDoor(url)).toBeUndefined();
  expect(parseDoor('ssh://shop:22/')).toBeUndefined();
});

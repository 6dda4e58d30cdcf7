import type { Host } from '../../hosts/contract';
import { listClaimed } from './memory';

const volumes = JSON.stringify({
  '/srv/a': { kind: 'directory', root: '/srv/a', claims: { wiki: { role: 'target', isStored: true } } },
});

const hostWhere = (readOther: () => Promise<string>): Host =>
  ({
    name: 'beta',
    home: '/var/hosts/beta',
    files: {
      list: () => Promise.resolve(['alpha', 'beta']),
      read: (path: string) => (path.startsWith('/var/hosts/beta/') ? Promise.resolve(volumes) : readOther()),
    },
  }) as unknown as Host;

const failWith = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

test('what agents beside this one have claimed is known too, but of those of other users', async () => {
  expect(
    await listClaimed(
      hostWhere(() => Promise.resolve(volumes)),
      [],
    ),
  ).toHaveLength(2);
  expect(await listClaimed(hostWhere(failWith('EACCES')), [])).toHaveLength(1);
  await expect(listClaimed(hostWhere(failWith('EIO')), [])).rejects.toThrow('EIO');
});

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { makeLocalHost } from './local';
import { checkVersion, objectToVersion } from './tool-version';

test.each([
  ['rclone', 'rclone v1.60.1-DEV', 'rclone 1.60.1-DEV is too old: 1.65 or newer is needed'],
  ['rclone', 'rclone v1.65.0', undefined],
  ['rclone', 'rclone v2.0', undefined],
  ['restic', 'restic 0.14.0 compiled with go1.19', 'restic 0.14.0 is too old: 0.17 or newer is needed'],
  ['restic', 'restic 0.18.1 (v0.18.1) compiled with go1.26', undefined],
  ['rclone', 'something without a version', undefined],
  ['tar', 'tar (GNU tar) 0.1', undefined],
])('%s that says "%s" is judged', (program, said, objection) => {
  expect(objectToVersion(program, said)).toBe(objection);
});

test('a program that is too old is refused with what brings a newer one, and is asked again after that', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-version-'));
  const { PATH } = process.env;
  const install = async (version: string) => {
    const path = join(folder, 'rclone');
    await writeFile(path, `#!/bin/sh\necho rclone ${version}\n`);
    await chmod(path, 0o755);
  };
  try {
    process.env.PATH = [folder, PATH].join(delimiter);
    const host = makeLocalHost({ name: 'alpha', home: folder });
    await install('v1.60.1-DEV');
    await expect(checkVersion(host, 'rclone')).rejects.toMatchObject({
      type: 'ToolMissing',
      message: 'rclone 1.60.1-DEV is too old: 1.65 or newer is needed',
      details: { host: 'alpha', hint: expect.stringContaining('npm run set-up -- --stores') as unknown },
    });
    await install('v1.65.2');
    await checkVersion(host, 'rclone');
  } finally {
    process.env.PATH = PATH;
    await rm(folder, { recursive: true });
  }
});

import { isOwnFolderAlone } from './rollback';

const end =
  'rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1379)';
const ofFolder = 'rsync: [generator] failed to set times on "/data/.": Operation not permitted (1)';
const ofFile = 'rsync: [generator] failed to set times on "/data/./page": Operation not permitted (1)';

it.each([
  ['is done where the volume’s own folder alone could not be changed', 23, [ofFolder, end], true],
  ['is not where a file could not be', 23, [ofFolder, ofFile, end], false],
  ['is not where nothing says what could not be', 23, [end], false],
  ['is not where it ended otherwise', 12, [ofFolder, end], false],
])('a rollback that is not root’s %s', (_, exitCode, lines, expected) => {
  expect(isOwnFolderAlone({ exitCode, stderr: lines.join('\n') })).toBe(expected);
});

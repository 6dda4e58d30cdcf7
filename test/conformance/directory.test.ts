import { makeFolderFixture, makeWholeFixture } from '../support/directory-fixtures';
import { describeVolume } from './volume-suite';

for (const kind of ['btrfs', 'xfs', 'ext4', 'tmpfs'] as const) {
  describeVolume(makeFolderFixture(kind));
  describeVolume(makeWholeFixture(kind));
}

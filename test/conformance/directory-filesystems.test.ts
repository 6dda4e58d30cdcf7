/** Directories on filesystems that clone no files; those that do have suites of their own. */
import { sample } from '../support/sample';
import { makeFolderFixture } from '../support/storage/directory-fixtures';
import { describeVolume } from './volume-suite';

for (const kind of sample(['ext4', 'xfs', 'tmpfs'] as const, 1)) describeVolume(makeFolderFixture(kind));

import { makeWholeFixture } from '../support/directory-fixtures';
import { sample } from '../support/sample';
import { describeVolume } from './volume-suite';

// Whole filesystems differ from folders in where Tidemark keeps its own files, and that is the same on all of them.
for (const kind of sample(['xfs', 'ext4', 'tmpfs'] as const, 1)) describeVolume(makeWholeFixture(kind));

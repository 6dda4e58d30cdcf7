import { makeWholeFixture } from '../support/storage/directory-fixtures';
import { sample } from '../support/sample';
import { describeVolume } from './volume-suite';

for (const kind of sample(['xfs', 'ext4', 'tmpfs'] as const, 1)) describeVolume(makeWholeFixture(kind));

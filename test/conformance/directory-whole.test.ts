import { makeWholeFixture } from '../support/storage/directory-fixtures';
import { describeVolume } from './volume-suite';

for (const kind of ['xfs', 'ext4', 'tmpfs'] as const) describeVolume(makeWholeFixture(kind));

import { makeSubvolumeFixture } from '../support/btrfs-fixtures';
import { describeVolume } from './volume-suite';

describeVolume(makeSubvolumeFixture());

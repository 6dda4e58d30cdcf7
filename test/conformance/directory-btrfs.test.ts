import { makeFolderFixture, makeWholeFixture } from '../support/storage/directory-fixtures';
import { describeVolume } from './volume-suite';

describeVolume(makeFolderFixture('btrfs'));
describeVolume(makeWholeFixture('btrfs'));

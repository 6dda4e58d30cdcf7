import { makeFolderFixture, makeWholeFixture } from '../support/directory-fixtures';
import { describeVolume } from './volume-suite';

describeVolume(makeFolderFixture('ext4'));
describeVolume(makeWholeFixture('ext4'));

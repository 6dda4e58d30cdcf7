import { makeFolderFixture, makeWholeFixture } from '../support/directory-fixtures';
import { describeVolume } from './volume-suite';

describeVolume(makeFolderFixture('xfs'));
describeVolume(makeWholeFixture('xfs'));

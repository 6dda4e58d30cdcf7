import { makeFolderFixture, makeWholeFixture } from '../support/directory-fixtures';
import { describeVolume } from './volume-suite';

describeVolume(makeFolderFixture('tmpfs'));
describeVolume(makeWholeFixture('tmpfs'));

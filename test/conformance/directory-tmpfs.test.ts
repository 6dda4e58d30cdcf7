import { makeFolderFixture } from '../support/directory-fixtures';
import { describeVolume } from './volume-suite';

describeVolume(makeFolderFixture('tmpfs'));

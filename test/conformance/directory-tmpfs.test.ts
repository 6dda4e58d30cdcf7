import { makeFolderFixture } from '../support/storage/directory-fixtures';
import { describeVolume } from './volume-suite';

describeVolume(makeFolderFixture('tmpfs'));

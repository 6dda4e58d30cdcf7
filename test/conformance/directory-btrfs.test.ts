import { makeFolderFixture, makeWholeFixture } from '../support/storage/directory-fixtures';
import { sample } from '../support/sample';
import { describeVolume } from './volume-suite';

for (const make of sample([makeFolderFixture, makeWholeFixture], 1)) describeVolume(make('btrfs'));

import { makeClaimFixture } from '../support/storage/claim-fixture';
import { describeVolume } from './volume-suite';

describeVolume(makeClaimFixture());

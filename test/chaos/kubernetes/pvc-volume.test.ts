import { makeClaimFixture } from '../../support/storage/claim-fixture';
import { describeVolume } from '../../conformance/volume-suite';

describeVolume(makeClaimFixture());

import { describeBlocks } from './block-suite';

describeBlocks({ title: 'an image file on xfs', filesystem: 'xfs', isDevice: false, sharesBlocks: true });

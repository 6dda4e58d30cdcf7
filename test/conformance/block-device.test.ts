import { describeBlocks } from './block-suite';

describeBlocks({ title: 'a block device', isDevice: true, sharesBlocks: false });

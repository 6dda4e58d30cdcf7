import { describeBlocks } from './block-suite';

describeBlocks({ title: 'an image file on btrfs', filesystem: 'btrfs', isDevice: false, sharesBlocks: true });

import { describeBlocks } from './block-suite';

describeBlocks({ title: 'an image file on ext4', filesystem: 'ext4', isDevice: false, sharesBlocks: false });

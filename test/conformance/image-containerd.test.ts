import { describeImages } from './image-suite';

describeImages('containerd', 'containerd');

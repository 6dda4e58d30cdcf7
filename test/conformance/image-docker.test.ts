import { describeImages } from './image-suite';

describeImages('docker', 'docker');

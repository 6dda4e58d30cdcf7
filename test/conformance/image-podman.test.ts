import { describeImages } from './image-suite';

describeImages('podman', 'podman');

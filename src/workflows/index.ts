/** The workflow types of Tidemark: what a worker on queue `tidemark` runs. */
export { relationship } from './relationship';
export { requestSync } from './request-sync';
export { restore } from './restore';
export { sync } from './sync';
export { verify } from './verify';

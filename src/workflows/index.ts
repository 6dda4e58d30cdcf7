/** The workflow types of Tidemark: what a worker on queue `tidemark` runs. */
export { agentTold } from './agent-told';
export { drill } from './drill';
export { examine } from './examine';
export { failover } from './failover';
export { listOthers } from './list-others';
export { notice } from './notice';
export { notifyTest } from './notify-test';
export { diffPoints, findInPoints, listPoint } from './look-into-points';
export { relationship } from './relationship';
export { relocate } from './relocate';
export { requestDrill } from './request-drill';
export { requestSync } from './request-sync';
export { restore } from './restore';
export { reverse } from './reverse';
export { sync } from './sync';
export { verify } from './verify';

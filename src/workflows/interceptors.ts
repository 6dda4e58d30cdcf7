import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { WorkflowInboundCallsInterceptor, WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { asSender } from './actor';
import { WORKFLOW_TYPES } from '../api/messages';

/**
 * What a relationship does about a message is not interrupted where somebody cancels its workflow: that is for the
 * operation that runs. Handlers run in the scope of the whole workflow, which Temporal cancels.
 */
const outliving: WorkflowInboundCallsInterceptor = {
  handleSignal: (input, next) => CancellationScope.nonCancellable(() => next(input)),
  handleUpdate: (input, next) => CancellationScope.nonCancellable(() => next(input)),
};

/** Whatever a message makes a relationship do is its sender's. */
const attributed: WorkflowInboundCallsInterceptor = {
  handleSignal: (input, next) => asSender(input.headers, () => next(input)),
  handleUpdate: (input, next) => asSender(input.headers, () => next(input)),
};

export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: workflowInfo().workflowType === WORKFLOW_TYPES.relationship ? [outliving, attributed] : [],
});

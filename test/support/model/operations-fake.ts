import type { OperationView } from '../../../src/api/operation-view';
import { makePrice } from '../../../src/model/price';
import type { OperationsSource } from '../../../src/workers/http/operations';
import { minute } from './records';
import { makeStatus } from './status';

export const OPERATION: OperationView = {
  ...{ workflowId: 'relationship/wiki/sync/000004', relationship: 'wiki', kind: 'sync', state: 'succeeded' },
  ...{ startedAt: minute(1), endedAt: minute(2), phase: null, waiting: null, targets: null },
  ...{ progress: null, failure: null, ui: null },
};

/** What relationships would answer; `asked` has what they were asked for. */
export function makeFakeOperations(asked: unknown[][] = []): OperationsSource {
  return {
    status: (name) => Promise.resolve(makeStatus(name)),
    price: (name) => {
      const place = { relationship: name, target: 'beta', host: 'beta', volume: '/srv/b' };
      return Promise.resolve(makePrice({ ...place, points: [], broken: false, nowMs: 0 }));
    },
    running: () => Promise.resolve([OPERATION]),
    operation: () => Promise.resolve(OPERATION),
    act: (...args) => {
      asked.push(args);
      return Promise.resolve({ operation: OPERATION.workflowId, pending: false, answer: null });
    },
    pageOf: () => null,
  };
}

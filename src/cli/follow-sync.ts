/** Follows a sync with progress on stderr. */
import { type FollowSync, recordOf } from '../client/apply-one';
import type { SyncRecord } from '../model/records';
import { followShown } from './follow-shown';

export const followSync: FollowSync = (temporal, workflowId) =>
  recordOf(followShown<SyncRecord>(temporal, workflowId));

/** What one look at a resource of VolSync takes, and what it has found by then. */
import type { RelationshipStatus } from '../../model/status';
import type { ReconcileContext } from '../reconcile';
import type { Prepared } from './facts';
import type { MadeLooks } from './made';
import type { VolSyncMetrics } from './metrics';
import type { VolSyncResource } from './resource';

/** What serving them takes besides. */
export interface VolSyncContext extends ReconcileContext {
  log: { warn: (about: object, message: string) => void };
  /** Left out: nobody asks. */
  metrics?: VolSyncMetrics;
  made: MadeLooks;
}

export interface Applied {
  /** The relationship that serves it. */
  name: string;
  /** It is the source's with which this destination is joined. */
  isShared?: boolean;
  resource: VolSyncResource;
  found?: RelationshipStatus | undefined;
  wrong?: string;
  prepared?: Prepared;
}

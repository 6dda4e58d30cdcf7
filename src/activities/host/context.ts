import type { Logger } from 'pino';
import type { Host } from '../../hosts/contract';
import type { Landings } from '../../landings/contract';
import type { Volumes } from '../../volumes/registry';

/** What the activities of one agent work with. */
export interface AgentContext {
  host: Host;
  landings: Landings;
  volumes: Volumes;
  /** The only folder from which hooks are run; none without it. */
  allowHooks?: string;
  log: Logger;
}

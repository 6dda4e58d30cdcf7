import type { UpPorts } from '../client/up-state';

export interface UpOptions {
  /** State folder. Absolute. */
  home: string;
  quickStart: boolean;
  /** Tokens with a role may have things done by HTTP; one is made. */
  allowActions: boolean;
  /** Ports that were asked for: refused where they are taken. */
  ports: Partial<UpPorts>;
}

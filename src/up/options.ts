import type { UpPorts } from '../client/up-state';

export interface UpOptions {
  /** State folder. Absolute. */
  home: string;
  quickStart: boolean;
  /** Tokens with a role may have things done by HTTP; one is made. */
  allowActions: boolean;
  /** The file of receivers and routes, absolute: who is told of what. Left out: nobody is. */
  notify?: string;
  /** Ports that were asked for: refused where they are taken. */
  ports: Partial<UpPorts>;
}

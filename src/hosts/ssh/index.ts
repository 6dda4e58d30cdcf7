/** A host on which nothing of ours is installed: everything through its own sshd, shell and tools. */
import type { Host } from '../contract';
import { makeRemoteRunner } from '../remote';
import { connect, type SshOptions } from './connect';
import { type HostFacts, findFacts } from './facts';
import type { HostKey } from './host-keys';
import { makePool } from './pool';

export interface SshHost extends Host {
  readonly facts: HostFacts;
  /** The key that the host has proved to have, on the connection of now. */
  hostKey(): Promise<HostKey>;
  /** Ends the connections. What runs on the host goes on; `endAttempts` finds it. */
  close(): void;
}

/**
 * Connects to a host, and keeps the connection up.
 * @param local runs `ssh-keygen` on this machine.
 * @param home the state folder on that host; absolute, or below the login user's home folder.
 * @throws TidemarkError `HostUnreachable`, `HostKeyMismatch`, `AuthRejected`, or `ToolFailed` where its
 * login shell can't be used.
 */
export async function makeSshHost({
  name,
  home,
  local,
  ssh,
}: {
  name: string;
  home: string;
  local: Pick<Host, 'name' | 'run'>;
  ssh: SshOptions;
}): Promise<SshHost> {
  const pool = makePool(name, () => connect(local, ssh));
  try {
    const facts = await findFacts(name, pool);
    const absolute = home.startsWith('/') ? home : `${facts.userHome.replace(/\/$/, '')}/${home}`;
    return {
      ...makeRemoteRunner(pool, absolute),
      home: absolute,
      facts,
      hostKey: async () => (await pool.connection()).hostKey,
      close: () => pool.close(),
    };
  } catch (error) {
    pool.close();
    throw error;
  }
}

/** Who it is that sends messages to relationships, and why. Light: commands that send none load it too. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { hostname, userInfo } from 'node:os';
import type { Actor } from '../model/actor';

const acting = new AsyncLocalStorage<Actor>();
let ofProcess: Actor | undefined;

/** Every message that is sent within is this actor's. */
export function actAs<T>(actor: Actor, act: () => T): T {
  return acting.run(actor, act);
}

/** Of all that this process sends outside of {@link actAs}: for a process that has one user. */
export function actAlwaysAs(actor: Actor): void {
  ofProcess = actor;
}

/** Undefined: whoever receives it is not told. */
export function whoActs(): Actor | undefined {
  return acting.getStore() ?? ofProcess;
}

/** Whose process this is. */
export function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in containers.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** Whoever sits at this command line: `alice@desk`. Who became root by sudo is who they were. */
export function userAtCli(env: NodeJS.ProcessEnv, reason?: string): Actor {
  const name = `${env.SUDO_USER ?? loginName()}@${hostname()}`;
  return { name, via: 'cli', ...(reason !== undefined && { reason }) };
}

/** What hooks are called. Pure. */
import type { HookSpec } from './spec';

/** As messages and logs name it: with its arguments. */
export const callHook = ({ run, job = '' }: HookSpec): string => run?.join(' ') ?? job;

/** Several, in short: `database, cronjob/probe`. */
export const listHooks = (hooks: readonly HookSpec[]): string =>
  hooks.map(({ run, job }) => run?.[0] ?? job).join(', ');

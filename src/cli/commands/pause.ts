import type { Command } from 'commander';
import { registerSwitch } from '../pause-and-resume';

export function register(program: Command): void {
  registerSwitch(program, {
    name: 'pause',
    done: 'paused',
    summary: 'no syncs until resumed',
    description:
      'Pauses a relationship: nothing starts any more, by schedule or on request. A running sync ends as usual.',
  });
}

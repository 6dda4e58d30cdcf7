import type { Command } from 'commander';
import { registerSwitch } from '../pause-and-resume';

export function register(program: Command): void {
  registerSwitch(program, {
    name: 'resume',
    done: 'resumed',
    summary: 'continue after a pause, or once help was given',
    description:
      'Resumes a paused relationship: its schedule goes on. Where a failover, relocation or reverse is parked, has it try again.',
  });
}

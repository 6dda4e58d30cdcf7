import type { Command } from 'commander';
import { registerSwitch } from '../switch';

export function register(program: Command): void {
  registerSwitch(program, {
    name: 'resume',
    done: 'resumed',
    summary: 'go on after a pause, or where help was needed',
    description:
      'Resumes a paused relationship: its schedule goes on. Where a failover, relocation or reverse is parked, has it try again.',
  });
}

import type { Command } from 'commander';
import { stateHome } from '../../client/up-state';
import { lazy } from '../lazy';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';
import { parsePath } from '../parse';

interface DownOptions extends OutputOptions {
  home?: string;
}

export function register(program: Command): void {
  const command = program
    .command('down')
    .summary('stop what `tidemark up` started')
    .description(
      'Stops a running `tidemark up`, cleanly, and waits until nothing of it runs any more. Its state stays.',
    )
    .option(
      '--home <dir>',
      'state folder (default: TIDEMARK_HOME, else tidemark in the XDG state folder)',
      parsePath,
    )
    .action((options: DownOptions) => down(options));
  finish(command, ['tidemark down']);
}

async function down(options: DownOptions): Promise<void> {
  const home = options.home ?? stateHome();
  const { wasRunning, leftOvers } = await lazy.up().takeDown(home);
  print({ home, wasRunning, leftOvers }, options, () => {
    if (wasRunning) return 'tidemark is down';
    return leftOvers > 0
      ? `tidemark had been killed; ended ${leftOvers} processes that it left`
      : 'tidemark was not up';
  });
}

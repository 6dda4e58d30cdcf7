import { Argument } from 'commander';
import type { Command } from 'commander';
import { completionScript, SHELLS } from '../completion-scripts';
import type { Shell } from '../completion-scripts';
import { finish } from '../output';

export function register(program: Command): void {
  const command = program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .summary('completion for your shell')
    .description('Prints a script that lets your shell complete commands and options.')
    .action((shell: Shell) => {
      process.stdout.write(completionScript(shell, program));
    });
  finish(
    command,
    [
      'tidemark completion bash > ~/.local/share/bash-completion/completions/tidemark',
      'tidemark completion zsh > "${fpath[1]}/_tidemark"',
      'tidemark completion fish > ~/.config/fish/completions/tidemark.fish',
    ],
    { output: false },
  );
}

/** Completion scripts for shells, made from the tree of commands. */
import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface Completed {
  name: string;
  summary: string;
  options: {
    flag: string;
    short?: string;
    description: string;
    takesValue: boolean;
    choices: readonly string[];
  }[];
  choices: readonly string[];
}

function readTree(program: Command): Completed[] {
  const help = program.createHelp();
  return help.visibleCommands(program).map((command) => ({
    name: command.name(),
    summary: command.summary() || command.description(),
    options: help.visibleOptions(command).map((option) => ({
      flag: option.long ?? option.flags,
      ...(option.short !== undefined && { short: option.short }),
      description: option.description,
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
    })),
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  }));
}

const words = (completed: Completed) =>
  [...completed.options.map(({ flag }) => flag), ...completed.choices].join(' ');

function bash(commands: readonly Completed[]): string {
  const cases = commands.map((command) => `    ${command.name}) words="${words(command)}" ;;`).join('\n');
  return `# bash completion of tidemark
_tidemark() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words
  case "$previous" in
    -o|--output) COMPREPLY=($(compgen -W "table json yaml" -- "$current")); return ;;
    -f|--file|--home|--path|--allow-hooks) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _tidemark tidemark
`;
}

/** Inside single quotes of zsh's _arguments and _describe, where \`:\` and brackets have meanings. */
const forZsh = (text: string) => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, String.raw`\$&`);

function zshOption({ flag, description, takesValue, choices }: Completed['options'][number]): string {
  const value = takesValue ? `:value:${choices.length > 0 ? `(${choices.join(' ')})` : '_files'}` : '';
  return `'${flag}[${forZsh(description)}]${value}'`;
}

function zsh(commands: readonly Completed[]): string {
  const list = commands.map(({ name, summary }) => `    '${name}:${forZsh(summary)}'`).join('\n');
  const cases = commands
    .map(({ name, options, choices }) => {
      const rest = `'*:argument:${choices.length > 0 ? `(${choices.join(' ')})` : '_default'}'`;
      return `    ${name}) _arguments ${[...options.map(zshOption), rest].join(' ')} ;;`;
    })
    .join('\n');
  return `#compdef tidemark
_tidemark() {
  local -a commands
  commands=(
${list}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases}
  esac
}
# Loaded from fpath at the first completion, or sourced.
if [ "$funcstack[1]" = "_tidemark" ]; then
  _tidemark "$@"
else
  compdef _tidemark tidemark
fi
`;
}

const forFish = (text: string) => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");

function fish(commands: readonly Completed[]): string {
  const lines = commands.flatMap(({ name, summary, options, choices }) => {
    const seen = `complete -c tidemark -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c tidemark -n __fish_use_subcommand -f -a ${name} -d '${forFish(summary)}'`,
      ...(choices.length > 0 ? [`${seen} -f -a '${choices.join(' ')}'`] : []),
      ...options.map(({ flag, short, description, takesValue, choices: values }) => {
        const value = takesValue ? (values.length > 0 ? ` -x -a '${values.join(' ')}'` : ' -r') : '';
        const brief = short === undefined ? '' : ` -s ${short.slice(1)}`;
        return `${seen} -l ${flag.replace(/^--/, '')}${brief}${value} -d '${forFish(description)}'`;
      }),
    ];
  });
  return `# fish completion of tidemark\n${lines.join('\n')}\n`;
}

export function completionScript(shell: Shell, program: Command): string {
  return { bash, zsh, fish }[shell](readTree(program));
}

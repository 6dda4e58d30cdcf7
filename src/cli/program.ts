/** The tree of commands. Light: what a command does is loaded when it is run. */
import { Command } from 'commander';
import * as agent from './commands/agent';
import * as apply from './commands/apply';
import * as approve from './commands/approve';
import * as cancel from './commands/cancel';
import * as completion from './commands/completion';
import * as control from './commands/control';
import * as remove from './commands/delete';
import * as describe from './commands/describe';
import * as diff from './commands/diff';
import * as doctor from './commands/doctor';
import * as drill from './commands/drill';
import * as failover from './commands/failover';
import * as down from './commands/down';
import * as find from './commands/find';
import * as get from './commands/get';
import * as hosts from './commands/hosts';
import * as events from './commands/events';
import * as history from './commands/history';
import * as logs from './commands/logs';
import * as notify from './commands/notify';
import * as ls from './commands/ls';
import * as pause from './commands/pause';
import * as points from './commands/points';
import * as relocate from './commands/relocate';
import * as restore from './commands/restore';
import * as resume from './commands/resume';
import * as reverse from './commands/reverse';
import * as sync from './commands/sync';
import * as up from './commands/up';
import * as verify from './commands/verify';
import * as exported from './commands/export';
import * as wait from './commands/wait';
import * as withdraw from './commands/withdraw';
import { actAlwaysAs, userAtCli } from '../client/act-as';
import { EXIT_CODES } from '../client/exit-codes';

const COMMANDS = [
  up,
  down,
  apply,
  get,
  describe,
  sync,
  pause,
  resume,
  approve,
  cancel,
  verify,
  history,
  events,
  logs,
  points,
  ls,
  find,
  diff,
  restore,
  failover,
  reverse,
  relocate,
  drill,
  remove,
  agent,
  exported,
  wait,
  withdraw,
  control,
  hosts,
  notify,
  doctor,
  completion,
] as const;

const EXIT_CODE_HELP = Object.entries(EXIT_CODES)
  .map(([code, meaning]) => `  ${code}  ${meaning}`)
  .join('\n');

const HELP = `
Examples:
  $ tidemark up                       everything on this machine
  $ tidemark apply -f wiki.yaml       create or change a relationship
  $ tidemark sync wiki --wait         sync now, and watch
  $ tidemark failover wiki --dry-run  what it would cost to go on at a target

Exit codes (tidemark get --check has others, see its help):
${EXIT_CODE_HELP}

Environment:
  TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, …   Temporal, as every Temporal client reads it
  TIDEMARK_URL, TIDEMARK_TOKEN              the control worker's HTTP API
  TIDEMARK_HOME                             state of \`tidemark up\``;

/** @param writeError takes what is to be said of wrong use; by default it goes to stderr. */
export function makeProgram(version: string, writeError?: (text: string) => void): Command {
  const program = new Command('tidemark')
    .description('Keeps copies of data on other machines, always fresh, and brings any earlier state back.')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .helpCommand('help [command]', 'help for a command')
    .addHelpText('after', HELP);
  if (writeError) program.configureOutput({ writeErr: writeError });
  program.hook('preAction', (_program, command) => {
    actAlwaysAs(userAtCli(process.env, command.opts<{ reason?: string }>().reason));
  });
  for (const { register } of COMMANDS) register(program);
  return program;
}

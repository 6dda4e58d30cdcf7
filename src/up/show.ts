/** What `up` says: what it is doing, where to look, what to type next. */
import { quoteWord } from '../model/shell-quote';
import { formatRecord } from '../client/format-record';
import { colors } from '../client/text';
import { LOCAL_HOSTS } from './parts';
import { QUICK_START, quickStartPaths } from './quick-start';
import type { QuickStart } from './quick-start';
import { stateHome } from '../client/up-state';
import type { UpState } from '../client/up-state';

/** How the CLI is called so that it finds this `up`. */
function makeCommand(home: string): (args: string) => string {
  const prefix =
    home === stateHome({ ...process.env, TIDEMARK_HOME: '' }) ? '' : `TIDEMARK_HOME=${quoteWord(home)} `;
  return (args) => `${prefix}npx tidemark ${args}`;
}

function showQuickStart(home: string, quickStart: QuickStart): string[] {
  const { source, target, spec } = quickStartPaths(home);
  const command = makeCommand(home);
  if (quickStart.state === 'deleted') {
    return [`The quick start was deleted; to have it again: ${command(`apply -f ${quoteWord(spec)}`)}`];
  }
  const sync = quickStart.state === 'created' ? quickStart.sync : undefined;
  return [
    ...(sync ? ['The first sync of the quick start:', formatRecord(sync), ''] : []),
    `What is in  ${source}`,
    `is also in  ${target}  (host beta), a minute later at most.`,
    '',
    colors.bold('Try'),
    `  echo hello >> ${quoteWord(`${source}/notes.txt`)}`,
    `  ${command(`sync ${QUICK_START} --wait`)}`,
    `  ${command(`history ${QUICK_START}`)}`,
    `  ${command(`points ${QUICK_START} --explain`)}`,
  ];
}

/** The summary once everything is ready. */
export function showSummary(home: string, state: UpState, quickStart: QuickStart | undefined): string {
  const { ports } = state;
  return [
    '',
    colors.bold('Tidemark is up'),
    `  page          http://127.0.0.1:${ports.http}`,
    `  Temporal UI   http://127.0.0.1:${ports.ui}`,
    `  HTTP API      http://127.0.0.1:${ports.http}   (described at /openapi.json)`,
    ...(state.tokensPath === undefined
      ? []
      : [`                which wants a token: ${state.tokensPath} has one`]),
    `  Temporal      127.0.0.1:${ports.temporal}`,
    `  hosts         ${LOCAL_HOSTS.join(', ')}: both are this machine, and a spec may name any of its paths`,
    `  state, logs   ${home}`,
    `  look          ${makeCommand(home)('get')}`,
    '',
    ...(quickStart ? showQuickStart(home, quickStart) : []),
    '',
  ].join('\n');
}

import type { Command } from 'commander';
import type { AgentToldInput } from '../../api/messages';
import { agentToldStart } from '../../client/agent-told';
import { ClientError } from '../../client/exit-codes';
import { getJson } from '../../client/http';
import { formatAge, formatTable, paintState } from '../../client/text';
import { formatLabels, type Labels } from '../../model/labels';
import { makeHostQueue } from '../../model/names';
import { formatDuration } from '../../model/units';
import { lazy } from '../lazy';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';
import { parseHostName } from '../parse';

interface HostsOptions extends OutputOptions {
  forget?: string;
}

/** As the control worker answers. */
interface Host {
  name: string;
  seen: boolean;
  lastSeenAt?: string;
  labels: Labels | null;
  toldAt: string | null;
}

export function register(program: Command): void {
  const command = program
    .command('hosts')
    .summary('hosts, their labels, and whether an agent serves them')
    .description(
      'Lists the hosts that relationships name and those whose agents have ever told their labels, and whether an agent serves them now.',
    )
    .option(
      '--forget <host>',
      'forget the labels of a host that comes back no more: no hostSelector means it then; its data stays',
      parseHostName,
    )
    .action((options: HostsOptions) =>
      options.forget === undefined ? list(options) : forget(options.forget, options),
    );
  finish(command, ['tidemark hosts', 'tidemark hosts --forget edge7']);
}

function formatHosts(hosts: readonly Host[]): string {
  if (hosts.length === 0) return 'no hosts yet: tidemark agent --host NAME makes one';
  const age = (at: string | null | undefined) => formatAge(at ?? null, Date.now(), formatDuration);
  const rows = hosts.map(({ name, seen, lastSeenAt, labels, toldAt }) => [
    name,
    paintState(seen ? 'up' : 'down'),
    seen ? 'now' : age(lastSeenAt),
    labels ? formatLabels(labels) || 'none' : '–',
    age(toldAt),
  ]);
  return formatTable(['HOST', 'AGENT', 'SEEN', 'LABELS', 'TOLD'], rows);
}

async function list(options: OutputOptions): Promise<void> {
  print(await getJson<Host[]>('/v1/hosts'), options, formatHosts);
}

/** @throws ClientError where it has an agent, which would tell its labels again; or where nobody has heard of it */
async function forget(host: string, options: OutputOptions): Promise<void> {
  const found = (await getJson<Host[]>('/v1/hosts')).find(({ name }) => name === host);
  if (!found?.toldAt) {
    throw new ClientError('NotFound', `no agent of a host ${host} has ever told its labels`, {
      hint: 'tidemark hosts lists them all',
    });
  }
  await lazy.temporal().Temporal.use(async (temporal) => {
    const pollers = await temporal.pollers(makeHostQueue(host), 'activity');
    if (pollers.length > 0) {
      throw new ClientError('RefusedByState', `an agent serves ${host}, and would tell its labels again`, {
        hint: 'end it first; one that was killed is forgotten after 75 s',
      });
    }
    const input: AgentToldInput = { host, labels: null };
    await temporal.client.workflow.execute('agentTold', agentToldStart(input, true));
  });
  print(
    { host, outcome: 'forgotten' },
    options,
    () => `${host} is forgotten: no hostSelector means it until its agent comes back; its data stays`,
  );
}

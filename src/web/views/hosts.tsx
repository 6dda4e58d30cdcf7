/** The hosts, and whether each has an agent: those that have none first. */
import type { HostSeen } from '../../api/host-seen';
import { getJson } from '../data/api';
import { usePoll } from '../data/poll';
import { useAsAge } from '../data/shown';
import { fleetHref } from '../model/address';
import { hostsInOrder, hostTone } from '../model/hosts';
import { Labels } from './fleet-table';
import { Icon, Table, Trouble, When } from './parts';

const EVERY_MS = 15_000;

const TEXTS = { up: 'agent is there', down: 'no agent', plain: 'gone', warn: 'several agents' } as const;

function Row({ host }: { host: HostSeen }) {
  const tone = hostTone(host);
  return (
    <tr>
      <th scope="row">
        <a href={fleetHref({ host: host.name })}>{host.name}</a>
      </th>
      <td>
        <span class={`badge tone-${tone}`}>
          <Icon tone={tone} />
          {TEXTS[tone]}
        </span>
      </td>
      <td>{host.lastSeenAt ? <When at={host.lastSeenAt} /> : <span class="quiet">not lately</span>}</td>
      <td>{host.identities.join(', ') || '–'}</td>
      <td>{host.named ? 'yes' : 'no'}</td>
      <td>{host.labels ? <Labels labels={host.labels} /> : <span class="quiet">none told</span>}</td>
    </tr>
  );
}

export function Hosts() {
  const poll = usePoll('hosts', (signal) => getJson<HostSeen[]>('/v1/hosts', signal), { everyMs: EVERY_MS });
  useAsAge(poll);
  const hosts = poll.value.value;
  return (
    <>
      <h1 tabIndex={-1}>Hosts</h1>
      {!hosts && <Trouble error={poll.error.value} />}
      {hosts?.length === 0 && <p class="empty">No relationship names a host yet.</p>}
      {hosts && hosts.length > 0 && (
        <Table label="Table of hosts">
          <thead>
            <tr>
              <th scope="col">Host</th>
              <th scope="col">Agent</th>
              <th scope="col">Last seen</th>
              <th scope="col">Who</th>
              <th scope="col">In a relationship</th>
              <th scope="col">Labels</th>
            </tr>
          </thead>
          <tbody>
            {hostsInOrder(hosts).map((host) => (
              <Row key={host.name} host={host} />
            ))}
          </tbody>
        </Table>
      )}
    </>
  );
}

/** The syncs: bytes and durations over time, and each as a line. */
import { useState } from 'preact/hooks';
import type { SyncEntry } from '../../catalog/contract';
import { formatBytes, formatDuration } from '../../model/units';
import { relationshipPath } from '../../api/paths';
import { ApiError, getJson } from '../data/api';
import { bytesSentOf, changedOf, errorText } from '../model/syncs';
import { Icon, Table, Trouble, When } from './parts';
import { SyncChart } from './sync-chart';

const ROWS = 8;
const PAGE = 60;
/** A tab is open for days: nobody reads more than that at once. */
const MOST_OLDER = 600;

const TONES = { succeeded: 'up', partial: 'warn', failed: 'down', cancelled: 'plain' } as const;

function Row({ sync }: { sync: SyncEntry }) {
  const [bytes, changed] = [bytesSentOf(sync), changedOf(sync)];
  return (
    <tr>
      <th scope="row">
        <When at={sync.startedAt} isMoment />
      </th>
      <td class={`tone-${TONES[sync.result]}`}>
        <span class="badge">
          <Icon tone={TONES[sync.result]} />
          {sync.result}
        </span>
      </td>
      <td>{sync.reason}</td>
      <td class="number">{bytes === null ? '–' : formatBytes(bytes)}</td>
      <td class="number">{changed === null ? '–' : changed.toLocaleString('en')}</td>
      <td class="number">{formatDuration(sync.durationSeconds * 1000)}</td>
      <td class="wide">{errorText(sync)}</td>
    </tr>
  );
}

export function Syncs({ newest, name }: { newest: SyncEntry[]; name: string }) {
  const [older, setOlder] = useState<SyncEntry[]>([]);
  const [shown, setShown] = useState(ROWS);
  const [error, setError] = useState<ApiError>();
  // The newest may have grown over what was read behind them.
  const ids = new Set(newest.map(({ id }) => id));
  const all = [...newest, ...older.filter(({ id }) => !ids.has(id))];
  const isEnd = shown >= all.length && (newest.length < PAGE || older.length >= MOST_OLDER);
  const showMore = async () => {
    setShown(shown + PAGE);
    const last = all.at(-1);
    if (shown + PAGE < all.length || newest.length < PAGE || older.length >= MOST_OLDER || !last) return;
    try {
      const path = relationshipPath(name, `/history?limit=${PAGE}&before=${last.id}`);
      const page = await getJson<SyncEntry[]>(path);
      setOlder([...older, ...page]);
      setError(undefined);
    } catch (failure) {
      setError(failure instanceof ApiError ? failure : new ApiError(String(failure)));
    }
  };
  if (newest.length === 0) return <p class="quiet">There was none yet.</p>;
  return (
    <>
      <SyncChart syncs={newest} />
      <Table label="Table of syncs">
        <thead>
          <tr>
            <th scope="col">Began</th>
            <th scope="col">Result</th>
            <th scope="col">Why</th>
            <th scope="col" class="number">
              Sent
            </th>
            <th scope="col" class="number">
              Changed
            </th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col">Error</th>
          </tr>
        </thead>
        <tbody>
          {all.slice(0, shown).map((sync) => (
            <Row key={sync.id} sync={sync} />
          ))}
        </tbody>
      </Table>
      <Trouble error={error} />
      {!isEnd && (
        <button type="button" class="plain" onClick={() => void showMore()}>
          Show older ones
        </button>
      )}
    </>
  );
}

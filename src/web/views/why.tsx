/** Why it fails: one sentence, the tool's line, how often, what to do; the last result beside the last success. */
import type { SyncEntry } from '../../catalog/contract';
import type { RelationshipStatus } from '../../model/status';
import { formatBytes, formatCount, formatDuration, formatEntries } from '../../model/units';
import { bytesSentOf, changedOf } from '../model/syncs';
import { lastResults, type Trouble, troublesOf } from '../model/why';
import { Section, When } from './parts';

function One({ trouble }: { trouble: Trouble }) {
  const { target, type, sentence, tool, hint, host, attempts, failures, retryAt } = trouble;
  return (
    <div class="trouble">
      <p class="trouble-sentence">
        {target !== null && <strong>{target}: </strong>}
        {sentence}
      </p>
      {tool !== null && <pre class="tool">{tool}</pre>}
      {hint !== null && (
        <p>
          <strong>What to do:</strong> {hint}
        </p>
      )}
      <p class="quiet">
        {type}
        {host === null ? '' : ` on ${host}`}
        {attempts === null ? '' : `, ${formatCount(attempts, 'attempt')} in the last sync`}
        {failures > 1 ? `, ${failures} syncs in a row` : ''}
        {retryAt === null ? null : (
          <>
            , tried again <When at={retryAt} />
          </>
        )}
      </p>
    </div>
  );
}

function Result({ title, sync }: { title: string; sync: SyncEntry | undefined }) {
  if (!sync) {
    return (
      <div class="result">
        <h3>{title}</h3>
        <p class="quiet">none in this history</p>
      </div>
    );
  }
  const [bytes, changed] = [bytesSentOf(sync), changedOf(sync)];
  return (
    <div class="result">
      <h3>{title}</h3>
      <p>
        {sync.result} <When at={sync.endedAt} /> after {formatDuration(sync.durationSeconds * 1000)}
      </p>
      <p class="quiet">
        {bytes === null
          ? 'no transfer was completed'
          : `${formatBytes(bytes)} sent, ${formatEntries(changed ?? 0)} changed`}
      </p>
    </div>
  );
}

export function Why({ status, syncs }: { status: RelationshipStatus; syncs: SyncEntry[] | undefined }) {
  const troubles = troublesOf(status, syncs?.[0]);
  const { last, lastSuccess } = lastResults(syncs ?? []);
  const isWell = troubles.length === 0;
  if (isWell && !syncs) return null;
  return (
    <Section title={isWell ? 'Last results' : 'Why it fails'}>
      {troubles.map((trouble) => (
        <One key={trouble.target ?? ''} trouble={trouble} />
      ))}
      {syncs && (
        <div class="results">
          <Result title="Last sync" sync={last} />
          {last !== lastSuccess && <Result title="Last success" sync={lastSuccess} />}
        </div>
      )}
    </Section>
  );
}

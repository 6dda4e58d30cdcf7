/** Whether a failover was rehearsed, and how long it took until something answered. */
import type { RelationshipStatus } from '../../model/status';
import { formatDuration } from '../../model/units';
import { Icon, Section, When } from './parts';

const TONES = { succeeded: 'up', failed: 'down', cancelled: 'plain' } as const;

export function Drills({ status: { lastDrill, drillSchedule, drill } }: { status: RelationshipStatus }) {
  return (
    <Section title="Drills" aside={<span class="quiet">{drillSchedule ?? 'no schedule'}</span>}>
      {drill && (
        <p>
          One runs since <When at={drill.startedAt} />.
        </p>
      )}
      {!lastDrill && <p class="quiet">None was ever held: nobody knows how long a recovery takes.</p>}
      {lastDrill && (
        <>
          <p>
            <span class={`badge tone-${TONES[lastDrill.result]}`}>
              <Icon tone={TONES[lastDrill.result]} />
              {lastDrill.result}
            </span>{' '}
            <When at={lastDrill.endedAt} /> at {lastDrill.target}
            {lastDrill.pointId === null ? '' : `, of ${lastDrill.pointId}`}
          </p>
          <p>
            {lastDrill.rtoSeconds === null
              ? 'No service answered, or no hook looked: the recovery time was not measured.'
              : `Recovery time: ${formatDuration(lastDrill.rtoSeconds * 1000)}, from the start to a service that answers.`}
          </p>
          {lastDrill.failure && <p class="trouble-sentence">{lastDrill.failure.message}</p>}
          {lastDrill.failure?.toolMessage && <pre class="tool">{lastDrill.failure.toolMessage}</pre>}
          {lastDrill.failure?.hint && <p class="quiet">{lastDrill.failure.hint}</p>}
        </>
      )}
    </Section>
  );
}

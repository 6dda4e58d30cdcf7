/** What happened to one relationship besides its syncs. */
import { EVENT_KINDS } from '../../model/events';
import { relationshipPath } from '../../api/paths';
import { EventsRead, useEvents } from './events';
import { AsOf, Section, Trouble } from './parts';

const KINDS = EVENT_KINDS.map((kind) => `kind=${kind}`).join('&');

export function History({ name, stamp }: { name: string; stamp: string }) {
  const events = useEvents(relationshipPath(name, `/events?limit=15&${KINDS}`), stamp);
  return (
    <Section title="History" aside={<AsOf {...events} />}>
      <Trouble error={events.error} />
      <EventsRead {...events} />
    </Section>
  );
}

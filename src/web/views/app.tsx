/** The frame around every view. */
import { useEffect, useRef } from 'preact/hooks';
import { announcement } from '../data/announce';
import { address } from '../data/navigate';
import { isTokenWanted } from '../data/session';
import type { Address } from '../model/address';
import { Events } from './events';
import { Fleet } from './fleet';
import { Banner, Freshness } from './freshness';
import { Hosts } from './hosts';
import { Operations } from './operations';
import { Relationship } from './relationship';
import { SignIn, Who } from './session';

const PAGES: readonly { view: Address['view']; href: string; title: string }[] = [
  { view: 'fleet', href: '#/', title: 'Fleet' },
  { view: 'operations', href: '#/operations', title: 'Running' },
  { view: 'events', href: '#/events', title: 'Events' },
  { view: 'hosts', href: '#/hosts', title: 'Hosts' },
];

function View({ at }: { at: Address }) {
  switch (at.view) {
    case 'fleet':
      return <Fleet filter={at.filter} />;
    case 'relationship':
      return <Relationship key={at.name} name={at.name} />;
    case 'operations':
      return <Operations />;
    case 'events':
      return <Events kinds={at.kinds} />;
    case 'hosts':
      return <Hosts />;
  }
}

function titleOf(at: Address): string {
  if (at.view === 'relationship') return at.name;
  return PAGES.find(({ view }) => view === at.view)?.title ?? '';
}

/** Whoever goes to another view, by keyboard or screen reader, is at its beginning. */
function useFocusOnArrival(key: string): void {
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) {
      window.scrollTo(0, 0);
      document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
    }
    isFirst.current = false;
  }, [key]);
}

/** The address says which view it is: it can't say where in it. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

export function App() {
  const at = address.value;
  const title = titleOf(at);
  useEffect(() => {
    document.title = `${title} – Tidemark`;
  }, [title]);
  // Another page of the fleet is another view.
  useFocusOnArrival(at.view === 'fleet' ? String(at.filter.offset) : title);
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href="#/" aria-label="Tidemark: the fleet">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M4 13q4-4.500 8 0t8 0t8 0M4 21q4-4.500 8 0t8 0t8 0" />
          </svg>
          <span>Tidemark</span>
        </a>
        <nav aria-label="Main">
          {PAGES.map(({ view, href, title: text }) => (
            <a key={view} href={href} aria-current={view === at.view ? 'page' : undefined}>
              {text}
            </a>
          ))}
        </nav>
        <div class="session">
          <Freshness />
          <Who />
        </div>
      </header>
      <Banner />
      <main id="content" tabIndex={-1}>
        {isTokenWanted.value ? <SignIn /> : <View at={at} />}
      </main>
      <div class="unseen" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </>
  );
}

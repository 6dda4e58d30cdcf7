/** What all views are made of. */
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Health } from '../../model/health';
import type { ApiError } from '../data/api';
import { now } from '../data/clock';
import { ageText, momentText } from '../model/ages';
import { HEALTH_TEXT, type Tone } from '../model/states';

/** Each of a shape of its own: a colour alone tells nothing to many. */
const SHAPES: Readonly<Record<Tone, string>> = {
  down: 'M5 1h6l4 4v6l-4 4H5l-4-4V5zM5.5 5.5l5 5m0-5l-5 5',
  warn: 'M8 1.5L15 14.5H1zM8 6v4m0 2v.6',
  up: 'M8 1a7 7 0 1 0 0 14A7 7 0 1 0 8 1M4.8 8.3l2.2 2.2 4.2-4.7',
  wait: 'M8 1a7 7 0 1 0 0 14A7 7 0 1 0 8 1M8 4v4.3l2.8 1.7',
  switch: 'M1 5.5h12.5m-3.500-4l4 4M15 11H2.500m3.500 4l-4-4',
  plain: 'M5.500 3v10m5-10v10',
  run: 'M4 2.500l9 5.500-9 5.500z',
};

export function Icon({ tone }: { tone: Tone }) {
  return (
    <svg class={`icon tone-${tone}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={SHAPES[tone]} />
    </svg>
  );
}

/** Up, warning or down: as a shape, a colour and a word. */
export function Badge({ status }: { status: Health }) {
  return (
    <span class={`badge tone-${status}`}>
      <Icon tone={status} />
      {HEALTH_TEXT[status]}
    </span>
  );
}

/** When it was, as an age; the instant stands in its title, and is read by machines. */
export function When({ at, isMoment = false }: { at: string | null | undefined; isMoment?: boolean }) {
  if (!at) return <span class="quiet">–</span>;
  const nowMs = now.value;
  const [age, moment] = [ageText(at, nowMs), momentText(at, nowMs)];
  return (
    <time dateTime={at} title={`${isMoment ? age : moment} (${at})`}>
      {isMoment ? moment : age}
    </time>
  );
}

interface SectionProps {
  title: string;
  /** Beside the title. */
  aside?: ComponentChildren;
  children: ComponentChildren;
}

export function Section({ title, aside, children }: SectionProps) {
  const id = useId();
  return (
    <section class="section" aria-labelledby={id}>
      <div class="section-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div class="aside">{aside}</div>}
      </div>
      {children}
    </section>
  );
}

export function Notice({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <div class={`notice tone-${tone}`} role="status">
      <Icon tone={tone} />
      <div>{children}</div>
    </div>
  );
}

/** What could not be asked, and what to do. */
export function Trouble({ error }: { error: ApiError | undefined }) {
  if (!error) return null;
  return (
    <Notice tone="warn">
      {error.message}
      {error.hint ? <span class="quiet"> – {error.hint}</span> : null}
    </Notice>
  );
}

/** A table that scrolls by itself where it is too wide, by keyboard too. */
export function Table({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="table" role="region" aria-label={label} tabIndex={0}>
      <table>{children}</table>
    </div>
  );
}

/** The width that a drawing has, as the page is now; 0 until it is there. */
export function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setWidth(Math.floor(element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

/** When a section was asked for: it may be longer ago than the rest. */
export function AsOf({ at, error }: { at: number | undefined; error?: ApiError | undefined }) {
  if (at === undefined) return error ? null : <span class="quiet">asking…</span>;
  return <span class="quiet">as of {momentText(at, now.value)}</span>;
}

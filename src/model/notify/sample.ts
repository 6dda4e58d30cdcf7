/** Messages of every sort, with words that are hard to write down: what templates are tried with. */
import { CONDITION_KINDS, severityOf } from './conditions';
import { makeContent, makeTestContent, MOST_NAMED, type NoticeContent, type NoticeItem } from './notice';

const NASTY = `a "quoted" <b>word</b> of a tool's \\ own, {{ and }} more`;

function itemOf(kind: NoticeItem['kind'], index: number): NoticeItem {
  const over = index % 2 === 1;
  return {
    event: over ? 'over' : 'began',
    ...{ relationship: `wiki-${index}`, kind, target: index % 3 === 0 ? null : 'beta' },
    ...{ severity: severityOf(kind), text: NASTY, since: '2026-12-01T00:00:00.000Z' },
    endedAt: over ? '2026-12-01T02:00:00.000Z' : null,
    labels: { tier: 'gold' },
  };
}

export function conditionsSample(): NoticeContent[] {
  const head = { id: 'sample', receiver: 'sample', createdAt: '2026-12-01T03:00:00.000Z' };
  const items = Array.from({ length: MOST_NAMED + 5 }, (_, index) =>
    itemOf(CONDITION_KINDS[index % CONDITION_KINDS.length] ?? 'late', index),
  );
  return [
    makeContent(head, items),
    makeContent(head, items.slice(0, 1)),
    makeContent(head, items.slice(1, 2)),
    makeTestContent(head),
  ];
}

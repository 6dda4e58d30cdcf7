/** What of a relationship waits for somebody, the most urgent first. Pure. */
import type { RelationshipView } from '../../api/operation-view';
import type { Instant } from '../../model/records';
import { awaitedNames } from '../../model/takeovers';
import { scheduleText, tornText } from '../../model/summary';
import { vanishedHint, vanishedText } from '../../model/vanished';
import type { Tone } from './states';

export interface Attention {
  tone: Tone;
  text: string;
  hint?: string;
  since?: Instant;
}

function waitingOf({ status: { name, operation, approval } }: RelationshipView): Attention[] {
  const waiting = operation?.waiting;
  if (operation && waiting) {
    const { text, since } = waiting;
    return [
      {
        tone: 'wait',
        text: `${operation.kind} waits: ${text}`,
        since,
        hint: `tidemark ${waiting.for} ${name}`,
      },
    ];
  }
  if (!approval) return [];
  const { reason, since } = approval;
  return [
    {
      tone: 'wait',
      text: `A guard stopped the sync: ${reason}`,
      since,
      hint: `tidemark approve ${name} lets it through`,
    },
  ];
}

function switchedOf({ status: { name, takeover, operation } }: RelationshipView): Attention[] {
  if (!takeover || operation) return [];
  const { target, fencing } = takeover;
  const awaited = awaitedNames(takeover).join(', ');
  return [
    {
      tone: 'switch',
      since: takeover.at,
      text: `Failed over to ${target}, and ${awaited} is no copy yet${fencing === undefined ? '' : `; it was not fenced: ${fencing}`}`,
      hint: `Once it runs again: tidemark reverse ${name}`,
    },
  ];
}

export function attentionOf(view: RelationshipView): Attention[] {
  const { summary, status, asked, why } = view;
  const { name, vanished } = summary;
  const schedule = scheduleText(summary);
  return [
    ...(vanished ? [{ tone: 'down' as const, text: vanishedText(vanished), hint: vanishedHint(name) }] : []),
    ...(asked === 'catalog' && !vanished
      ? [{ tone: 'warn' as const, text: `This is what it told last: ${why ?? 'it could not be asked'}` }]
      : []),
    ...waitingOf(view),
    ...switchedOf(view),
    ...(schedule === undefined ? [] : [{ tone: 'warn' as const, text: schedule }]),
    ...summary.targets.flatMap(({ name: target, givenUp, torn }) => [
      ...(givenUp === null ? [] : [{ tone: 'warn' as const, text: givenUp }]),
      ...(torn ? [{ tone: 'warn' as const, text: tornText(name, target) }] : []),
    ]),
    ...[...(status.notice === undefined ? [] : [status.notice]), ...status.warnings].map((text) => ({
      ...{ tone: 'warn' as const, text },
    })),
    ...(status.paused ? [{ tone: 'plain' as const, text: 'Paused: nothing starts, and the lag grows' }] : []),
  ];
}

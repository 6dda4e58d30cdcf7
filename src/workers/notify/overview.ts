/** Who is told of what, and whether messages arrive: what `tidemark notify list` shows. */
import { MOST_LISTED, type NoticesAnswer, type NoticeSeen } from '../../api/notices-answer';
import type { Catalog } from '../../catalog/contract';
import type { NoticeEntry, NoticeTotals } from '../../catalog/notices-contract';
import { noticeId } from '../../model/names';
import { CONDITION_KINDS, keyOf, severityOf } from '../../model/notify/conditions';
import type { KnownCondition } from '../../model/notify/decide';
import type { NotifyFile } from './notify-file';

export interface NotifySource {
  /** @throws TidemarkError where the catalog does not answer */
  overview(): Promise<NoticesAnswer>;
}

export async function makeOverview(
  catalog: Pick<Catalog, 'knownConditions' | 'notices' | 'noticeTotals'>,
  { path, problems, config }: NotifyFile,
): Promise<NoticesAnswer> {
  const [{ conditions }, waiting, givenUp, totals] = await Promise.all([
    catalog.knownConditions(),
    catalog.notices({ state: 'waiting', limit: MOST_LISTED }),
    catalog.notices({ state: 'givenUp', limit: MOST_LISTED }),
    catalog.noticeTotals(),
  ]);
  const open = conditions.filter(({ endedAt }) => endedAt === null);
  return {
    file: { path, problems: [...problems] },
    receivers: describeReceivers(config?.receivers ?? [], totals, waiting),
    open: open.length,
    conditions: open.toSorted(compareConditions).slice(0, MOST_LISTED).map(describeCondition),
    waiting: waiting.map(describeNotice),
    givenUp: givenUp.map(describeNotice),
  };
}

type Receivers = NonNullable<NotifyFile['config']>['receivers'];

/** Those of the file, in its order; and those of which messages are left. */
function describeReceivers(
  receivers: Receivers,
  totals: readonly NoticeTotals[],
  waiting: readonly NoticeEntry[],
): NoticesAnswer['receivers'] {
  const left = [...totals, ...waiting].map(({ receiver }) => receiver);
  const names = new Set([...receivers.map(({ name }) => name), ...left]);
  return [...names].map((name) => {
    const own = receivers.find((each) => each.name === name);
    const sums = totals.find(({ receiver }) => receiver === name);
    const how = own && (own.webhook ? 'webhook' : own.email ? 'email' : 'program');
    return {
      ...{ name, how: how ?? null },
      ...{ sent: sums?.sent ?? 0, failed: sums?.failed ?? 0, givenUp: sums?.givenUp ?? 0 },
      waiting: waiting.filter(({ receiver }) => receiver === name).length,
      lastSentAt: sums?.lastSentAt ?? null,
    };
  });
}

function compareConditions(one: KnownCondition, other: KnownCondition): number {
  const rank = ({ kind }: KnownCondition) => CONDITION_KINDS.indexOf(kind);
  return rank(one) - rank(other) || (keyOf(one) < keyOf(other) ? -1 : 1);
}

function describeCondition(condition: KnownCondition): NoticesAnswer['conditions'][number] {
  const { relationship, kind, target, text, since, told } = condition;
  return {
    ...{ relationship, kind, target, severity: severityOf(kind), text, since },
    told: Object.keys(told).toSorted(),
  };
}

function describeNotice(entry: NoticeEntry): NoticeSeen {
  const { receiver, id, createdAt, attempts, problem, settledAt, content } = entry;
  const workflowId = noticeId(receiver, id);
  return { receiver, id, title: content.title, createdAt, attempts, problem, settledAt, workflowId };
}

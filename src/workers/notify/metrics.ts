/** What metrics say of being told: sums come from the catalog, so that they outlive restarts. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Catalog } from '../../catalog/contract';
import type { MetricsSource } from '../metrics';
import type { NotifyFile } from './notify-file';

type Notices = Pick<Catalog, 'noticeTotals' | 'noticeMarks'>;

function makeNotifyGauges(registry: Registry) {
  const registers = [registry];
  const labelNames = ['receiver'] as const;
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers });
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers });
  return {
    sent: counter('tidemark_notices_sent_total', 'Messages that a receiver has taken.'),
    failed: counter('tidemark_notices_failed_total', 'Attempts to tell a receiver that failed.'),
    givenUp: counter('tidemark_notices_given_up_total', 'Messages that a receiver was never told.'),
    waiting: gauge('tidemark_notices_waiting', 'Messages that a receiver has not taken yet.'),
    lastSent: gauge(
      'tidemark_notices_last_sent_timestamp_seconds',
      'When a receiver last took a message; absent before the first.',
    ),
    fileUsed: new Gauge({
      name: 'tidemark_notify_file_used',
      help: '1 while the file of receivers is in use as it is; 0 while an earlier version is, or none.',
      registers,
    }),
  };
}

async function setAll(
  metrics: ReturnType<typeof makeNotifyGauges>,
  catalog: Notices,
  { config, problems }: NotifyFile,
): Promise<void> {
  metrics.fileUsed.set(config && problems.length === 0 ? 1 : 0);
  const [totals, marks] = await Promise.all([
    catalog.noticeTotals(),
    catalog.noticeMarks(new Date().toISOString()),
  ]);
  const { sent, failed, givenUp, waiting, lastSent } = metrics;
  for (const each of [sent, failed, givenUp, waiting, lastSent]) each.reset();
  // From zero, so that the first of each shows as an increase.
  for (const { name: receiver } of config?.receivers ?? [])
    for (const each of [sent, failed, givenUp, waiting]) each.inc({ receiver }, 0);
  for (const { receiver, lastSentAt, ...sums } of totals) {
    sent.inc({ receiver }, sums.sent);
    failed.inc({ receiver }, sums.failed);
    givenUp.inc({ receiver }, sums.givenUp);
    if (lastSentAt !== null) lastSent.set({ receiver }, Date.parse(lastSentAt) / 1000);
  }
  for (const { receiver, state, isTest } of marks)
    if (state === 'waiting' && !isTest) waiting.inc({ receiver });
}

/** The same source, with what is to be said of receivers; without a file of them there is nothing. */
export function withNotifyMetrics(
  source: MetricsSource,
  catalog: Notices,
  notify: { file: NotifyFile } | undefined,
): MetricsSource {
  if (!notify) return source;
  const registry = new Registry();
  const metrics = makeNotifyGauges(registry);
  return {
    contentType: source.contentType,
    async text() {
      await notify.file.refresh();
      // Of a catalog that does not answer, the others tell.
      await setAll(metrics, catalog, notify.file).catch(() => undefined);
      return [await source.text(), await registry.metrics()].join('\n');
    },
  };
}

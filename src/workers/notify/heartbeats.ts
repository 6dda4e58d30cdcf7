/** What is sent again and again, whatever happens: whoever waits for it notices where it does not come. */
import type { Logger } from 'pino';
import type { Notifier } from '../../activities/control/notifier';
import type { Receiver } from '../../model/notify/config';
import { type KnownCondition, toItem } from '../../model/notify/decide';
import { makeHeartbeat } from '../../model/notify/notice';
import { durationToMs } from '../../model/units';

export class Heartbeats {
  /** When each receiver was sent one last, in milliseconds since the epoch. */
  private readonly sentAtMs = new Map<string, number>();
  private readonly failing = new Set<string>();

  constructor(
    private readonly notifier: Pick<Notifier, 'send'>,
    private readonly log: Logger,
  ) {}

  /** Sends those that are due. One that is lost is not sent again: that is what the other side is to notice. */
  beat(receivers: readonly Receiver[], known: readonly KnownCondition[], nowMs = Date.now()): void {
    for (const { name, webhook } of receivers) {
      if (webhook?.every === undefined) continue;
      if (nowMs - (this.sentAtMs.get(name) ?? 0) < durationToMs(webhook.every)) continue;
      this.sentAtMs.set(name, nowMs);
      const open = known.filter(({ endedAt, told }) => endedAt === null && told[name] !== undefined);
      void this.send(name, open, new Date(nowMs).toISOString());
    }
  }

  private async send(receiver: string, open: readonly KnownCondition[], createdAt: string): Promise<void> {
    const items = open.map((condition) => toItem({ condition, event: 'goesOn' }));
    const refused = await this.notifier.send(
      makeHeartbeat({ id: `every-${createdAt}`, receiver, createdAt }, items),
    );
    if (refused && !this.failing.has(receiver))
      this.log.warn({ receiver, problem: refused.problem }, 'what is sent again and again does not arrive');
    if (refused) this.failing.add(receiver);
    else this.failing.delete(receiver);
  }
}

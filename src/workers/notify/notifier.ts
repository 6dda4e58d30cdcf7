/** Delivers messages to receivers: what activities call. */
import type { Notifier } from '../../activities/control/notifier';
import type { Receiver } from '../../model/notify/config';
import type { NoticeContent } from '../../model/notify/notice';
import { sendEmail } from './email';
import { NotTaken } from './not-taken';
import type { NotifyFile } from './notify-file';
import { sendToProgram } from './program';
import { Secrets } from './secrets';
import { messageOf } from './templates';
import { sendWebhook } from './webhook';

async function sendTo(receiver: Receiver, content: NoticeContent, secrets: Secrets): Promise<void> {
  const { webhook, email, program } = receiver;
  if (webhook) await sendWebhook(webhook, content, secrets);
  else if (email) await sendEmail(email, content, secrets);
  else if (program) await sendToProgram(program, content);
}

/** The same receiver without its templates. */
function plainly({ webhook, email, ...receiver }: Receiver): Receiver {
  return {
    ...receiver,
    ...(webhook && { webhook: { ...webhook, body: undefined } }),
    ...(email && { email: { ...email, subject: undefined, body: undefined } }),
  };
}

/** Nobody is kept from being told by a template that fails on what it was never tried with. */
async function send(receiver: Receiver, content: NoticeContent, secrets: Secrets): Promise<void> {
  try {
    await sendTo(receiver, content, secrets);
  } catch (error) {
    if (error instanceof NotTaken) throw error;
    const why = `(The template of receiver ${receiver.name} failed: ${messageOf(error)})`;
    await sendTo(plainly(receiver), { ...content, text: `${content.text}\n${why}` }, secrets);
  }
}

/** @param file where receivers are looked up each time: what is delivered late goes where they are then */
export function makeNotifier(file: NotifyFile): Notifier {
  return {
    async receivers() {
      await file.refresh();
      return file.config?.receivers.map(({ name }) => name);
    },
    async send(content) {
      await file.refresh();
      const receiver = file.config?.receivers.find(({ name }) => name === content.receiver);
      if (!receiver) {
        const why = file.config
          ? 'the file has no such receiver any more'
          : 'there is no file of receivers that can be read';
        return { problem: why, isFinal: file.config !== undefined };
      }
      const secrets = new Secrets();
      try {
        await send(receiver, content, secrets);
        return undefined;
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        return { problem: secrets.hide(text), isFinal: error instanceof NotTaken && error.isFinal };
      }
    },
  };
}

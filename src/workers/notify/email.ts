/** Messages by e-mail. */
import { readFile } from 'node:fs/promises';
import { createTransport } from 'nodemailer';
import { rootCertificates } from 'node:tls';
import type { EmailSpec } from '../../model/notify/config';
import type { NoticeContent } from '../../model/notify/notice';
import { noticeId } from '../../model/names';
import { NotTaken } from './not-taken';
import type { Secrets } from './secrets';
import { render } from './templates';

const PATIENCE_MS = 20_000;

/** @throws NotTaken, and what a template throws */
export async function sendEmail(spec: EmailSpec, content: NoticeContent, secrets: Secrets): Promise<void> {
  const { host, tls, user, passwordFrom, from, to } = spec;
  const subject = spec.subject === undefined ? `Tidemark: ${content.title}` : render(spec.subject, content);
  const text = spec.body === undefined ? `${content.text}\n` : render(spec.body, content);
  const pass = passwordFrom && (await secrets.get(passwordFrom, 'passwordFrom'));
  if (pass !== undefined && tls === 'none')
    throw new NotTaken('a password is never sent without TLS: take starttls or tls', true);
  const ca = await readAuthorities(spec.caFile);
  const transport = createTransport({
    host,
    port: spec.port ?? (tls === 'tls' ? 465 : 587),
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(user !== undefined && pass !== undefined && { auth: { user, pass } }),
    ...(ca && { tls: { ca } }),
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const id = noticeId(content.receiver, content.id);
    await transport.sendMail({
      ...{ from, to, text, subject: subject.replaceAll(/\s+/g, ' ').trim() },
      messageId: `<${id.replaceAll('/', '.')}@tidemark>`,
      headers: { 'Auto-Submitted': 'auto-generated', 'Idempotency-Key': id },
    });
  } catch (error) {
    throw new NotTaken(...whyNot(host, error));
  } finally {
    transport.close();
  }
}

/** Beside those that Node trusts anyway. */
async function readAuthorities(path: string | undefined): Promise<string[] | undefined> {
  if (path === undefined) return undefined;
  try {
    return [...rootCertificates, await readFile(path, 'utf8')];
  } catch (error) {
    throw new NotTaken(`caFile can not be read: ${(error as Error).message}`);
  }
}

/** What a mail server refuses for good it says by a code of 500 and above. */
function whyNot(host: string, error: unknown): [string, boolean] {
  const { message, responseCode, code } = error as Error & { responseCode?: number; code?: string };
  const isRefused = responseCode !== undefined && responseCode >= 500 && code !== 'ETLS' && code !== 'EAUTH';
  return [`mail server ${host}: ${message.replaceAll(/\s+/g, ' ')}`, isRefused];
}

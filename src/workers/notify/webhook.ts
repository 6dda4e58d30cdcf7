/** Messages to an address by HTTP. */
import { createHmac } from 'node:crypto';
import type { WebhookSpec } from '../../model/notify/config';
import type { NoticeContent } from '../../model/notify/notice';
import { type Message, presetMessage } from '../../model/notify/presets';
import { noticeId } from '../../model/names';
import { NotTaken } from './not-taken';
import type { Secrets } from './secrets';
import { render } from './templates';

const PATIENCE_MS = 10_000;
const MOST_SAID = 300;
/** What else would be refused is not sent again: these may go by themselves. */
const PASSING = [408, 425, 429];

/** `t=1764558000,v1=<hex>`: HMAC-SHA256 of `<t>.<body>`. */
export function signatureOf(body: string, secret: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1000);
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;
}

/** @throws NotTaken, and what a template throws */
export async function sendWebhook(
  spec: WebhookSpec,
  content: NoticeContent,
  secrets: Secrets,
): Promise<void> {
  const address = addressOf(await chooseUrl(spec, secrets), secrets);
  const { path, headers, body } = messageOf(spec, content);
  if (path !== undefined) address.pathname = address.pathname.replace(/\/$/, '') + path;
  const sent = new Headers({
    ...headers,
    'user-agent': 'tidemark',
    'idempotency-key': noticeId(content.receiver, content.id),
  });
  for (const [name, value] of Object.entries(spec.headers)) sent.set(name, value);
  for (const [name, source] of Object.entries(spec.headersFrom))
    sent.set(name, headerValue(await secrets.get(source, `header ${name}`), name));
  if (spec.signWith)
    sent.set(
      'tidemark-signature',
      signatureOf(body, await secrets.get(spec.signWith, 'signWith'), Date.now()),
    );
  await post(address, { method: spec.method, headers: sent, body });
}

async function chooseUrl({ url, urlFrom }: WebhookSpec, secrets: Secrets): Promise<string> {
  return urlFrom ? await secrets.get(urlFrom, 'urlFrom') : (url ?? '');
}

function addressOf(text: string, secrets: Secrets): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new NotTaken('urlFrom holds no address such as https://chat.example.net/hook');
  // Of Slack and others, whoever knows the path may write.
  if (url.pathname.length > 1) secrets.add(url.pathname);
  for (const value of url.searchParams.values()) secrets.add(value);
  secrets.add(text);
  return url;
}

function headerValue(value: string, name: string): string {
  if (/^[\t\x20-\x7e]*$/.test(value)) return value;
  throw new NotTaken(`header ${name} must be one line of ASCII`);
}

function messageOf({ preset, body }: WebhookSpec, content: NoticeContent): Message {
  const message = presetMessage(preset, content);
  return body === undefined ? message : { ...message, body: render(body, content) };
}

async function post(
  address: URL,
  request: { method: string; headers: Headers; body: string },
): Promise<void> {
  let response: Response;
  let said: string;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    response = await fetch(address, { ...request, signal, redirect: 'manual' });
    said = await readBeginning(response);
  } catch (error) {
    throw new NotTaken(whyNot(address, error));
  }
  const { status } = response;
  if (status >= 200 && status < 300) return;
  const words = said ? `: ${said}` : '';
  if (status >= 300 && status < 400) {
    const why = 'it says that it has moved: the file must have its new address';
    throw new NotTaken(`${address.host} answered ${status}; ${why}`, true);
  }
  const isFinal = status >= 400 && status < 500 && !PASSING.includes(status);
  throw new NotTaken(`${address.host} answered ${status}${words}`, isFinal);
}

function whyNot({ host }: URL, error: unknown): string {
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return `${host} has not answered within ${PATIENCE_MS / 1000} s`;
  const { message: reason = '', code } = (cause ?? {}) as { message?: string; code?: string };
  return `${host} can not be reached: ${reason || code || message}`;
}

/** Whatever it sends: no more than a line of it is kept, or waited for. */
async function readBeginning(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MOST_SAID) break;
  }
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, MOST_SAID);
}

/** Asks the control worker for what the catalog knows. */
import type { Problem } from '../api/problem';
import { chooseHttpUrl, findUp, httpUnreachable, REACH_TIMEOUT_MS } from './connection';
import { ClientError } from './exit-codes';

async function readError(response: Response): Promise<{ message: string; hint?: string }> {
  const text = await response.text();
  try {
    const { detail, hint } = JSON.parse(text) as Partial<Problem>;
    return { message: detail ?? text, ...(hint && { hint }) };
  } catch {
    return { message: text };
  }
}

async function toClientError(response: Response): Promise<ClientError> {
  const { status } = response;
  const { message, hint } = await readError(response);
  const more = hint === undefined ? {} : { hint };
  if (status === 404) return new ClientError('NotFound', message, more);
  if (status === 401 || status === 403) {
    return new ClientError('Unreachable', `the control worker refused: ${message}`, {
      hint: 'set TIDEMARK_TOKEN',
    });
  }
  if (status === 503) return new ClientError('Unreachable', message, more);
  if (status < 500) return new ClientError('WrongUse', message, more);
  return new ClientError('Failed', `the control worker failed: ${message}`, more);
}

/** One value, or the same parameter several times. */
type Parameter = string | number | readonly string[] | undefined;

/**
 * GET of a path such as `/v1/hosts`; parameters that are undefined are left out.
 * @throws ClientError `Unreachable`, `NotFound`
 */
export async function getJson<T>(path: string, query: Record<string, Parameter> = {}): Promise<T> {
  const { url, token, origin } = chooseHttpUrl(process.env, findUp());
  const address = new URL(url + path);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined)
      for (const each of [value].flat()) address.searchParams.append(name, String(each));
  }
  let response: Response;
  try {
    response = await fetch(address, {
      headers: { accept: 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      signal: AbortSignal.timeout(REACH_TIMEOUT_MS),
    });
  } catch (error) {
    throw httpUnreachable(url, origin, error instanceof Error ? (error.cause ?? error) : error);
  }
  if (!response.ok) throw await toClientError(response);
  return (await response.json()) as T;
}

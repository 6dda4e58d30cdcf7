/** Requests to the control worker that served this page. */
import type { Action, ActionAnswer } from '../../api/operation-view';
import { relationshipPath } from '../../api/paths';
import type { Problem } from '../../api/problem';
import { isTokenWanted, token } from './session';

const LONGEST_MS = 30_000;

/** What was asked for did not come: refused, failed, or nobody answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    message: string,
    /** Undefined where nobody answered. */
    readonly status?: number,
    readonly title?: string,
    readonly hint?: string | null,
  ) {
    super(message);
  }

  /** Not the fault of what was asked: the same may be answered in a moment. */
  get isAway(): boolean {
    return this.status === undefined || this.status >= 500;
  }
}

async function readProblem(response: Response): Promise<ApiError> {
  const { status } = response;
  const text = await response.text().catch(() => '');
  try {
    const { detail, title, hint, problems = [] } = JSON.parse(text) as Partial<Problem>;
    return new ApiError(problems.length > 1 ? problems.join('; ') : (detail ?? text), status, title, hint);
  } catch {
    return new ApiError(`the control worker answered ${status}`, status);
  }
}

/** @throws ApiError */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const sent = token.value;
  const headers = { ...(sent && { authorization: `Bearer ${sent}` }), ...init.headers };
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, credentials: 'omit', cache: 'no-store' });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError('the control worker does not answer');
  }
  // Another token may have been given meanwhile.
  if (response.status === 401 && sent === token.value) isTokenWanted.value = true;
  if (!response.ok) throw await readProblem(response);
  return response;
}

/** @throws ApiError */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const limit = AbortSignal.timeout(LONGEST_MS);
  try {
    const response = await request(path, { signal: signal ? AbortSignal.any([signal, limit]) : limit });
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    throw new ApiError('the control worker does not answer');
  }
}

/** Not `randomUUID`: that is there on HTTPS and the loopback alone. */
export function makeKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

/**
 * Has a relationship do something.
 * @param key the same for one decision of a person, however often it is sent: it is done once
 * @throws ApiError
 */
export async function act(name: string, action: Action, body: object, key: string): Promise<ActionAnswer> {
  const response = await request(relationshipPath(name, `/actions/${action}`), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  });
  return (await response.json()) as ActionAnswer;
}

/** The API of a cluster, by its own client library. */
import type * as Kubernetes from '@kubernetes/client-node';
import type { KubeConfig, KubernetesObject, KubernetesObjectApi } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '../../model/errors';
import { type ClusterApi, Conflict, type CustomApi, type Selection } from './contract';
import { type Answer, type Asked, askedFor, explain, isDoubtful, mayPass } from './failures';
import type { ClusterObject, ObjectReference } from './objects';

type Library = typeof Kubernetes;

/** A call is asked again this long, before its step fails and is tried again as a whole. */
const RETRY_FOR_MS = 20_000;
/** For a refusal that may be a mistake of the server's. */
const DOUBT_FOR_MS = 5_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3_000;
/** The server answers within moments, or not at all. */
const ANSWER_MS = 30_000;
/** Objects of one answer. */
const PAGE = 500;

/** A fault of the connection has no code; what the library can't find in the cluster's list of kinds neither. */
const NO_SUCH_KIND = /^Unrecognized API version and kind/;

interface StatusBody {
  message?: string;
  reason?: string;
  details?: { retryAfterSeconds?: number };
}

function parseBody(body: unknown): StatusBody {
  if (typeof body !== 'string') return typeof body === 'object' && body !== null ? body : {};
  try {
    return JSON.parse(body) as StatusBody;
  } catch {
    return { message: body };
  }
}

/** What an error of the library says. */
export function readAnswer(error: unknown): Answer {
  const { code, body, cause } = error as { code?: unknown; body?: unknown; cause?: unknown };
  const said = error instanceof Error ? error.message : String(error);
  if (typeof code !== 'number') {
    const why = cause instanceof Error ? `${said}: ${cause.message}` : said;
    return { message: why };
  }
  const { message, reason, details } = parseBody(body);
  return {
    code,
    message: message ?? said,
    ...(reason !== undefined && { reason }),
    ...(details?.retryAfterSeconds !== undefined && { retryAfterSeconds: details.retryAfterSeconds }),
  };
}

/** A silent server is one that does not answer. */
async function withinTime<T>(call: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(ANSWER_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer for ${ANSWER_MS / 1000} s`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([call, late]);
  } finally {
    timer.abort();
  }
}

/** How long an answer is not taken for the last word. */
function patienceWith(answer: Answer): number {
  if (mayPass(answer)) return RETRY_FOR_MS;
  return isDoubtful(answer) ? DOUBT_FOR_MS : 0;
}

/** Times as the API has them, where the library makes dates of them. */
const plain = <T>(object: unknown): T =>
  (object === undefined ? undefined : JSON.parse(JSON.stringify(object))) as T;

const selector = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** Asks the API server, for as long as it may yet answer. @throws TidemarkError */
export type Ask = <T>(
  asked: Asked,
  call: (objects: KubernetesObjectApi) => Promise<unknown>,
  settle?: (answer: Answer) => { value: T } | undefined,
) => Promise<T>;

/** @param cluster as users call it */
export function makeClusterApi(
  cluster: string,
  kubeConfig: KubeConfig,
  library: Library,
): Omit<ClusterApi, keyof CustomApi> & { ask: Ask } {
  let objects: KubernetesObjectApi | undefined;
  const api = () => (objects ??= library.KubernetesObjectApi.makeApiClient(kubeConfig));

  /** @param settle answers what an answer of the server means that is no failure here; undefined: it is one */
  const ask: Ask = async <T>(
    asked: Asked,
    call: (objects: KubernetesObjectApi) => Promise<unknown>,
    settle: (answer: Answer) => { value: T } | undefined = () => undefined,
  ): Promise<T> => {
    const startedAt = performance.now();
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return plain<T>(await withinTime(call(api())));
      } catch (error) {
        const answer = readAnswer(error);
        // Its list of kinds is kept: one that was installed since is in a new one.
        if (NO_SUCH_KIND.test(answer.message)) {
          objects = undefined;
          answer.code = 404;
        }
        const settled = settle(answer);
        if (settled) return settled.value;
        const waitMs = Math.max(pauseMs, 1000 * (answer.retryAfterSeconds ?? 0));
        if (performance.now() - startedAt + waitMs > patienceWith(answer)) throw explain(asked, answer);
        await sleep(waitMs);
      }
    }
  };

  const read: ClusterApi['read'] = <T extends ClusterObject>(reference: ObjectReference) =>
    ask<T | undefined>(
      askedFor(cluster, 'read', reference),
      (client) => client.read(reference),
      ({ code }) => (code === 404 ? { value: undefined } : undefined),
    );

  const list = async <T extends ClusterObject>({ apiVersion, kind, namespace, labels = {} }: Selection) => {
    const asked: Asked = { cluster, verb: 'list', what: kind, ...(namespace !== undefined && { namespace }) };
    const found: T[] = [];
    let next: string | undefined;
    do {
      const page: { items: T[]; metadata?: { _continue?: string; continue?: string } } = await ask(
        asked,
        (client) =>
          client.list(
            ...([apiVersion, kind, namespace, undefined, undefined, undefined] as const),
            ...([undefined, selector(labels), PAGE, next] as const),
          ),
        ({ code }) => (code === 404 ? { value: { items: [] } } : undefined),
      );
      // Those of a list don't say what they are.
      found.push(...page.items.map((item) => ({ ...item, apiVersion, kind })));
      next = page.metadata?._continue ?? page.metadata?.continue;
    } while (next);
    return found;
  };

  return {
    ask,
    read,
    list,
    async create<T extends ClusterObject>(object: T) {
      const reference: ObjectReference = object;
      for (;;) {
        const made = await ask<T | undefined>(
          askedFor(cluster, 'create', reference),
          (client) => client.create(object as unknown as KubernetesObject),
          ({ code, reason }) =>
            code === 409 && reason === 'AlreadyExists' ? { value: undefined } : undefined,
        );
        const there = made ?? (await read<T>(reference));
        // It went between the two questions.
        if (there) return there;
      }
    },
    patch: <T extends ClusterObject>(reference: ObjectReference, change: object) =>
      ask<T>(
        askedFor(cluster, 'patch', reference),
        (client) =>
          client.patch(
            makePatch(reference, change),
            ...([undefined, undefined, undefined, undefined] as const),
            library.PatchStrategy.MergePatch,
          ),
        ({ code, reason, message }) => {
          if (code === 409 && reason === 'Conflict') throw new Conflict(message);
          return undefined;
        },
      ),
    async remove(reference, uid) {
      await ask<void>(
        askedFor(cluster, 'delete', reference),
        async (client) => {
          // Whatever else is asked for in the address counts for nothing beside a body. Jobs would leave their pods behind.
          const options = {
            propagationPolicy: 'Background',
            ...(uid !== undefined && { preconditions: { uid } }),
          };
          const unsaid = [undefined, undefined, undefined, undefined, undefined] as const;
          await client.delete(reference, ...unsaid, options);
        },
        ({ code, reason }) =>
          // Another one has the name by now.
          code === 404 || (code === 409 && reason === 'Conflict') ? { value: undefined } : undefined,
      );
    },
    async may(verb, resource, namespace) {
      const [name = '', ...group] = resource.split('.');
      const [plural = '', subresource] = name.split('/');
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        metadata: { name: '' },
        spec: {
          resourceAttributes: {
            verb,
            group: group.join('.'),
            resource: plural,
            ...(subresource !== undefined && { subresource }),
            ...(namespace !== undefined && { namespace }),
          },
        },
      };
      const asked: Asked = { cluster, verb: 'ask about', what: `the right to ${verb} ${resource}` };
      const { status } = await ask<{ status?: { allowed?: boolean } }>(asked, (client) =>
        client.create(review),
      );
      return status?.allowed === true;
    },
  };
}

/** Which object is meant, by name and namespace, and what is changed of it: an object that was read is no change. */
function makePatch({ apiVersion, kind, metadata }: ObjectReference, change: object): KubernetesObject {
  const { name, namespace } = metadata;
  const changed = (change as { metadata?: object }).metadata;
  const where = { name, ...(namespace !== undefined && { namespace }) };
  return { ...change, apiVersion, kind, metadata: { ...changed, ...where } };
}

/** @throws TidemarkError `InvalidSpec` where the file, or the context in it, can't be used */
export function refuseKubeConfig(where: string, error: unknown): TidemarkError {
  const toolMessage = error instanceof Error ? error.message : String(error);
  return new TidemarkError('InvalidSpec', `${where} can't be used`, {
    toolMessage,
    hint: 'try it first: kubectl --kubeconfig FILE --context NAME get namespaces',
  });
}

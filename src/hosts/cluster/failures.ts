/** What the API server's refusals mean. Pure. */
import { TidemarkError } from '../../model/errors';
import { nameObject, type ObjectReference } from './objects';

/** What was asked of the server, for messages. */
export interface Asked {
  cluster: string;
  verb: 'read' | 'list' | 'create' | 'patch' | 'delete' | 'ask about' | 'watch' | 'write the status of';
  what: string;
  namespace?: string;
}

/** What the server answered; without `code`, it did not answer. */
export interface Answer {
  code?: number;
  reason?: string;
  message: string;
  /** It may be asked again after so many seconds. */
  retryAfterSeconds?: number;
}

export const askedFor = (cluster: string, verb: Asked['verb'], reference: ObjectReference): Asked => {
  const { namespace } = reference.metadata;
  return { cluster, verb, what: nameObject(reference), ...(namespace !== undefined && { namespace }) };
};

/** Repeating it can help: the server is away, has too much to do, or has a fault of its own. */
export function mayPass({ code, reason }: Answer): boolean {
  if (code === undefined || code === 429 || code >= 500) return true;
  // While a namespace's objects are counted for a quota, another change of the count came first.
  return code === 409 && reason !== 'AlreadyExists' && reason !== 'Conflict';
}

const LACKS_RIGHT = /cannot (get|list|create|patch|update|delete|watch)/;

/**
 * Not to be believed at once: an API server that was just started serves before it knows all accounts and roles. Measured:
 * after 4 of 6 restarts, its first answer was 403 to an agent that had the right, for 36 to 93 ms; at times with
 * `RBAC: clusterrole.rbac.authorization.k8s.io "tidemark-agent-namespace" not found`, and mostly without.
 */
export const isDoubtful = ({ code, message }: Pick<Answer, 'code' | 'message'>): boolean =>
  code === 401 || (code === 403 && LACKS_RIGHT.test(message));

/** The error for an answer that is no success. */
export function explain({ cluster, verb, what, namespace }: Asked, answer: Answer): TidemarkError {
  const { code, message } = answer;
  const about = { host: cluster, toolMessage: message };
  if (mayPass(answer)) {
    return new TidemarkError('HostUnreachable', `the API server of ${cluster} did not ${verb} ${what}`, {
      ...about,
      hint: 'it resumes by itself once the API server answers again',
    });
  }
  if (code === 401) {
    return new TidemarkError('AuthRejected', `the API server of ${cluster} does not know this agent`, {
      ...about,
      hint: 'give the agent a kubeconfig or a service account that is valid',
    });
  }
  if (code === 403 && /exceeded quota/.test(message)) {
    return new TidemarkError('TargetFull', `a quota does not allow ${what}`, {
      ...about,
      hint: `raise the quota, or make room: kubectl describe quota${namespace === undefined ? '' : ` --namespace ${namespace}`}`,
    });
  }
  // Of a policy, a limit range or Pod Security: the object is refused, not the agent.
  if (code === 403 && !LACKS_RIGHT.test(message)) {
    return new TidemarkError('InvalidSpec', `the cluster does not admit ${what}`, {
      ...about,
      hint: 'see what it names: a policy, a limit, or the Pod Security level of the namespace',
    });
  }
  if (code === 403) {
    return new TidemarkError('AuthRejected', `this agent may not ${verb} ${what}`, {
      ...about,
      hint: 'bind the agent to the roles in deploy/kubernetes, for this namespace too',
    });
  }
  if (code === 404 && namespace !== undefined && /namespaces? ".*" not found/.test(message)) {
    return new TidemarkError('VolumeMissing', `there is no namespace ${namespace}`, {
      ...about,
      hint: `kubectl create namespace ${namespace}, or correct the spec`,
    });
  }
  return new TidemarkError('InvalidSpec', `the API server refused to ${verb} ${what}`, about);
}

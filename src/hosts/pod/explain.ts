/** Why nothing runs in a pod, for people. Pure. */
import { TidemarkError } from '../../model/errors';
import { isDoubtful } from '../cluster/failures';
import { findPackage } from '../missing-tool';

/** Where programs run. */
export interface PodPlace {
  /** The host that users know: the cluster's. */
  host: string;
  namespace: string;
  pod: string;
  container: string;
}

/** What an attempt to start a program came to. Nothing of it has run. */
export type StartFailure =
  /** The kubeconfig, or what it names, can't be used. */
  | { kind: 'no-access'; text: string }
  /** By an HTTP status instead of a WebSocket. */
  | { kind: 'refused'; code: number; text: string }
  /** No answer at all. */
  | { kind: 'unreachable'; code?: string; text: string }
  /** The API server let it in; the node did not start it. */
  | { kind: 'not-started'; text: string }
  /** The node says nothing. */
  | { kind: 'silent' };

const nameOf = ({ namespace, pod }: PodPlace) => `pod ${namespace}/${pod}`;

const isUntrusted = (code = '') => /CERT|SIGNED|ISSUER|VERIFY/.test(code);
const lacksShell = (text: string) => /executable file not found|no such file or directory/.test(text);
const hasNoContainer = (text: string) => /container not found|not running/.test(text);

/** Whether the same attempt may work in a moment. */
export function mayPass(failure: StartFailure): boolean {
  switch (failure.kind) {
    case 'refused':
      return (
        failure.code === 429 ||
        failure.code >= 500 ||
        isDoubtful({ code: failure.code, message: failure.text })
      );
    case 'unreachable':
      return !isUntrusted(failure.code);
    case 'not-started':
      return !lacksShell(failure.text) && !hasNoContainer(failure.text);
    case 'no-access':
    case 'silent':
      return false;
  }
}

/** The message of a `Status` of the API, where it is one. */
export function messageOf(text: string): string | undefined {
  try {
    const status = JSON.parse(text) as { kind?: unknown; message?: unknown };
    return typeof status.message === 'string' ? status.message : undefined;
  } catch {
    return undefined;
  }
}

/** @param state of the pod, where it tells more (see `describePod`): `is gone` */
export function explainStart(place: PodPlace, failure: StartFailure, state?: string): TidemarkError {
  const fail = makeError(place);
  const where = nameOf(place);
  if (state !== undefined) return explainState(place, state);
  switch (failure.kind) {
    case 'no-access':
      return fail('AuthRejected', `${where} can't be reached: this agent's kubeconfig can't be used`, {
        toolMessage: failure.text,
        hint: 'look at the files and the program that it names; where the agent runs in a pod: at its service account token',
      });
    case 'refused':
      return explainRefusal(place, failure);
    case 'unreachable':
      return isUntrusted(failure.code)
        ? fail('HostKeyMismatch', `${where} can't be reached: its API server's certificate is not trusted`, {
            toolMessage: failure.text,
            hint: 'compare server and certificate-authority in the kubeconfig of this agent with the one of the cluster',
          })
        : fail('HostUnreachable', `${where} can't be reached: its API server does not answer`, {
            toolMessage: failure.text,
            hint: 'it resumes by itself once the API server answers again',
          });
    case 'not-started':
      return lacksShell(failure.text)
        ? fail('ToolMissing', `there is no sh in ${where}`, {
            toolMessage: failure.text,
            hint: 'use an image with sh, GNU coreutils, findutils, grep and util-linux',
          })
        : fail('HostUnreachable', `no program could be started in ${where}`, {
            toolMessage: failure.text,
            hint: `look at it with: kubectl -n ${place.namespace} describe pod ${place.pod}`,
          });
    case 'silent':
      return fail('HostUnreachable', `${where} does not answer: its node starts no program`, {
        hint: `look at its node: kubectl -n ${place.namespace} get pod ${place.pod} -o wide`,
      });
  }
}

function explainRefusal(place: PodPlace, { code, text }: { code: number; text: string }): TidemarkError {
  const fail = makeError(place);
  const where = nameOf(place);
  const message = messageOf(text);
  const toolMessage = message ?? `${code} ${text.slice(0, 500)}`.trim();
  if (code === 401) {
    return fail('AuthRejected', `${where} can't be reached: its API server does not know this agent`, {
      toolMessage,
      hint: 'look at the token or certificate in its kubeconfig, or at its service account',
    });
  }
  if (code === 403 && message !== undefined) {
    return fail('AuthRejected', `this agent may not run programs in ${where}`, {
      toolMessage,
      hint: `it needs the verbs get and create on pods/exec in namespace ${place.namespace}: look at its Role and RoleBinding`,
    });
  }
  // So answers a kubelet to which an older API server passes the request on.
  if (code === 403) {
    return fail('ToolFailed', `its API server can't run programs in ${where} as this agent needs it`, {
      toolMessage: text === '' ? '403 without a reason: it knows no v5.channel.k8s.io' : toolMessage,
      hint: 'Kubernetes 1.30 or newer is needed, and a proxy before it must let WebSockets through',
    });
  }
  if (code === 404) return explainState(place, 'is gone');
  if (code === 429 || code >= 500) {
    return fail('HostUnreachable', `${where} can't be reached: its API server answers ${code}`, {
      toolMessage,
      hint: 'it resumes by itself once the API server answers again',
    });
  }
  return fail('ToolFailed', `its API server runs no program in ${where}`, { toolMessage });
}

/**
 * A program that ran, and whose end nobody told.
 * @param text what the API server said of it, if anything
 */
export function explainLost(place: PodPlace, state: string | undefined, text?: string): TidemarkError {
  if (state !== undefined) return explainState(place, state);
  return makeError(place)('HostUnreachable', `the connection to ${nameOf(place)} was lost`, {
    ...(text && { toolMessage: text }),
    hint: 'it resumes by itself once the API server answers again',
  });
}

const explainState = (place: PodPlace, state: string) =>
  makeError(place)('HostUnreachable', `${nameOf(place)} ${state}`, {
    hint: `look at: kubectl -n ${place.namespace} get events --field-selector involvedObject.name=${place.pod}`,
  });

/** A program that its image lacks. */
export function explainMissing(place: PodPlace, program: string): TidemarkError {
  const packageName = findPackage(program);
  return makeError(place)('ToolMissing', `there is no program ${program} in ${nameOf(place)}`, {
    hint: `use an image that has it${packageName ? ` (in Debian: package ${packageName})` : ''}`,
  });
}

const makeError =
  ({ host }: PodPlace) =>
  (
    type: TidemarkError['type'],
    message: string,
    details: { toolMessage?: string; hint?: string },
  ): TidemarkError =>
    new TidemarkError(type, message, { host, ...details });

/**
 * The Kubernetes cluster that an agent speaks for: its API, as drivers use it, and programs in its pods.
 *
 * Every call may be made again. A call that the API server did not answer, or answered with 429 or a server's fault, is
 * repeated for a while before it fails as `HostUnreachable`.
 */
import type { Runner } from '../contract';
import type { ClusterObject, ObjectReference } from './objects';

/** Which objects are meant: all of a kind in a namespace, with these labels. */
export interface Selection {
  apiVersion: string;
  kind: string;
  /** Left out: those of the whole cluster. */
  namespace?: string;
  labels?: Readonly<Record<string, string>>;
}

/** A kind of resource, by all its names. */
export interface CustomKind {
  apiVersion: string;
  kind: string;
  plural: string;
}

/** Which are followed, and from where on. */
export interface WatchedKind extends CustomKind {
  /** Left out: those of the whole cluster. */
  namespace?: string;
  /** Where the last watch had come to; left out: those that are there are told first. */
  from?: string;
}

/** What is done with custom resources besides. */
export interface CustomApi {
  /**
   * Follows the objects of a kind: tells each as it is made, changed or removed. Resolves when the connection ends, as it
   * does when nothing happens, with where it had come to: it is to be called again from there.
   * @throws TidemarkError where there is no such kind, or the agent may not
   */
  watch<T extends ClusterObject>(
    kind: WatchedKind,
    onObject: (object: T) => void,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /**
   * Writes the status of a custom resource by server-side apply: what we no longer name goes, what others wrote stays.
   * @returns the whole of it after that; undefined where the resource was removed meanwhile
   */
  applyStatus(
    kind: CustomKind,
    metadata: ObjectReference['metadata'],
    status: object,
  ): Promise<object | undefined>;
  /** Changes what is named of the status, and nothing else of it (JSON merge patch): `null` removes, whoever wrote it. */
  patchStatus(kind: CustomKind, metadata: ObjectReference['metadata'], change: object): Promise<void>;
}

export interface ClusterApi extends CustomApi {
  /** Undefined where there is no such object, or no such kind of object in this cluster. */
  read<T extends ClusterObject>(reference: ObjectReference): Promise<T | undefined>;
  /** None where the cluster has no such kind of object. */
  list<T extends ClusterObject>(selection: Selection): Promise<T[]>;
  /**
   * Makes an object, or answers the one of its name that is there already: whether that is the one which was meant is for
   * the caller to look at.
   * @throws TidemarkError `InvalidSpec` with the server's own reason where it refuses the object
   */
  create<T extends ClusterObject>(object: T): Promise<T>;
  /**
   * Changes what is named of an object, and nothing else of it (JSON merge patch). With a `resourceVersion`, only that
   * very version.
   * @throws Conflict where it is another version by now
   */
  patch<T extends ClusterObject>(reference: ObjectReference, change: object): Promise<T>;
  /**
   * Removes an object, with what it owns. Nothing there is not an error. Does not wait until it is gone.
   * @param uid only the object with this one: one that was made anew under the name stays
   */
  remove(reference: ObjectReference, uid?: string): Promise<void>;
  /** Whether the agent may do this. @param resource `persistentvolumeclaims`, `pods/exec`, `snapshots.snapshot.storage.k8s.io` */
  may(verb: string, resource: string, namespace?: string): Promise<boolean>;
}

/** Somebody changed an object meanwhile: read it again, decide again. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

/** A place in a pod where programs run. */
export interface PodRunner extends Runner {
  /** Ends the connections. What runs in the pod goes on; `endAttempts` finds it. */
  close(): void;
}

/** Of pods: what is in it is kept in memory alone. */
export const KEYS_FOLDER = '/tidemark-keys';

export interface PodPlace {
  namespace: string;
  pod: string;
  container: string;
  /** A folder there that can be written to. Absolute. */
  scratch: string;
}

/** How sources reach an sshd in a pod. */
export const EXPOSURES = ['PodIP', 'ClusterIP', 'NodePort', 'LoadBalancer'] as const;
export type Exposure = (typeof EXPOSURES)[number];

/** What the agent was started with, about the pods that it makes. */
export interface MoverSettings {
  image: string;
  expose: Exposure;
  /** In place of the pod's, Service's or node's own: for what lies between. */
  address?: string;
  port?: number;
  /** How long it waits for a pod, a snapshot or a volume before it says what it waited for. */
  limitMs: number;
  /** Of the pods, as their manifests have it: tolerations, affinity, resources, and the like. */
  template: PodTemplate;
}

/** What an operator may say about the movers' pods. Its parts go into the manifest as they are. */
export interface PodTemplate {
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  imagePullSecrets?: readonly { name: string }[];
  priorityClassName?: string;
  runtimeClassName?: string;
  nodeSelector?: Readonly<Record<string, string>>;
  tolerations?: readonly Readonly<Record<string, unknown>>[];
  affinity?: Readonly<Record<string, unknown>>;
  resources?: Readonly<Record<string, unknown>>;
}

export interface Cluster {
  /** What users call it: the name of the agent's host. */
  readonly name: string;
  readonly api: ClusterApi;
  readonly settings: MoverSettings;
  /** The only namespaces that the agent works in; undefined: all that it may. */
  readonly namespaces?: readonly string[];
  /** Programs in a pod that runs. */
  runnerIn(place: PodPlace): PodRunner;
}

/** The API server, as the driver's controllers use it. */
import * as k8s from '@kubernetes/client-node';
import { setTimeout } from 'node:timers';
import { log } from './log';

const START_AGAIN_MS = 300;

export interface Clients {
  config: k8s.KubeConfig;
  core: k8s.CoreV1Api;
  storage: k8s.StorageV1Api;
  custom: k8s.CustomObjectsApi;
}

export function connect(kubeconfig: string): Clients {
  const config = new k8s.KubeConfig();
  config.loadFromFile(kubeconfig);
  return {
    config,
    core: config.makeApiClient(k8s.CoreV1Api),
    storage: config.makeApiClient(k8s.StorageV1Api),
    custom: config.makeApiClient(k8s.CustomObjectsApi),
  };
}

/** The client sends a JSON patch unless it is told otherwise, and the API server refuses what is none. */
export const MERGE_PATCH = k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.MergePatch);

/** Whether the API server answered with one of these codes. */
export function isCode(error: unknown, ...codes: number[]): boolean {
  return codes.includes((error as { code?: number }).code ?? 0);
}

/** The key of an object in a queue: `namespace/name`, or its name where it is in none. */
export function keyOf({ metadata }: k8s.KubernetesObject): string {
  return metadata?.namespace === undefined
    ? (metadata?.name ?? '')
    : `${metadata.namespace}/${metadata.name}`;
}

/** Objects of one type as they are now. */
export class Watched<T extends k8s.KubernetesObject> {
  private readonly informer: k8s.Informer<T> & k8s.ObjectCache<T>;
  private waiting: NodeJS.Timeout | undefined;

  /** @param path like `/api/v1/persistentvolumes` @param changed is called for every change, and each that there is */
  constructor(
    { config }: Clients,
    private readonly path: string,
    list: k8s.ListPromise<T>,
    changed: (object: T) => void,
  ) {
    this.informer = k8s.makeInformer(config, path, list);
    this.informer.on('add', changed);
    this.informer.on('update', changed);
    // A server that went away ends it.
    this.informer.on('error', (error: unknown) => this.startAgain(error));
  }

  /** Starts, and again for as long as the API server does not answer. */
  start(): void {
    this.waiting = undefined;
    this.informer.start().catch((error: unknown) => this.startAgain(error));
  }

  private startAgain(error: unknown): void {
    log(`watching ${this.path} ended: ${error instanceof Error ? error.message : String(error)}`);
    this.waiting ??= setTimeout(() => this.start(), START_AGAIN_MS);
  }

  get(key: string): T | undefined {
    const [namespace, name] = key.includes('/') ? key.split('/') : [undefined, key];
    return this.informer.get(name ?? '', namespace);
  }

  list(): readonly T[] {
    return this.informer.list();
  }
}

const UNITS: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const BINARY_UNITS: Record<string, number> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

/** Bytes of a quantity like `1Gi`; 0 where there is none. */
export function parseQuantity(quantity: string | undefined): number {
  const [, number = '0', unit = ''] = /^([0-9.]+)([A-Za-z]*)$/.exec(quantity ?? '0') ?? [];
  return Number(number) * (UNITS[unit] ?? BINARY_UNITS[unit] ?? NaN);
}

/** Bytes as a quantity in the largest unit that holds them exactly. */
export function formatQuantity(bytes: number): string {
  const fitting = Object.entries(BINARY_UNITS).findLast(([, size]) => bytes % size === 0);
  return fitting ? `${bytes / fitting[1]}${fitting[0]}` : String(bytes);
}

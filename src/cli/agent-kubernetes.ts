/** The options of an agent whose host is a Kubernetes cluster. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { ClientError } from '../client/exit-codes';
import { EXPOSURES, type Exposure, type PodTemplate } from '../hosts/cluster/contract';
import { TidemarkError } from '../model/errors';
import { durationToMs, isDuration } from '../model/units';
import type { KubernetesOptions } from '../workers/side';
import { lazy } from './lazy';
import { parseList, parsePath, parseText } from './parse';

export interface KubernetesFlags {
  kubernetes?: true;
  kubeconfig?: string;
  context?: string;
  namespaces?: string[];
  moverImage?: string;
  moverTemplate?: string;
  expose?: Exposure;
  limit?: number;
  resources?: true;
  resourceHosts?: string[];
  volsync?: true;
}

/** Those of every agent that mean something else, or nothing, where the host is a cluster. */
interface OtherFlags {
  via?: unknown;
  credentials?: string;
  address?: string;
  port?: number;
}

export function addKubernetesOptions(command: Command): void {
  command
    .option(
      '--kubernetes',
      'the host is a Kubernetes cluster: the one that this runs in, or that of a kubeconfig',
    )
    .option('--kubeconfig <file>', 'how to reach that cluster (default: as kubectl does)', parsePath)
    .option('--context <name>', 'the context of the kubeconfig', parseText)
    .option('--namespaces <names>', 'serve these namespaces alone: shop,blog (default: all)', parseList)
    .option('--mover-image <image>', 'image of the pods that carry data', parseText)
    .option(
      '--mover-template <file>',
      'YAML with what their pods have besides: resources, tolerations, affinity, …',
      parsePath,
    )
    .addOption(
      new Option('--expose <how>', 'how other hosts reach these pods (default: PodIP)').choices(EXPOSURES),
    )
    .option('--limit <duration>', 'wait so long for pods, snapshots and volumes (default: 5m)', parseLimit)
    .option('--resources', 'serve the custom resources of the cluster: kubectl get relationships')
    .option(
      '--resource-hosts <names>',
      'other hosts that these may name: west,nas1 (default: none)',
      parseList,
    )
    .option('--volsync', 'serve those of VolSync and Scribe in its place: kubectl get replicationsources');
}

function parseLimit(text: string): number {
  if (isDuration(text)) return durationToMs(text);
  throw new InvalidArgumentError('It is no duration such as 90s or 5m.');
}

const DEFAULT_LIMIT_MS = 300_000;

function readTemplate(file: string): PodTemplate {
  try {
    return lazy.template().parseTemplate(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof TidemarkError) throw error;
    throw new ClientError('WrongUse', `${file} can't be read: ${(error as Error).message}`, {
      hint: 'name a file of YAML, with resources, tolerations or what else the pods are to have',
    });
  }
}

/** @throws ClientError `WrongUse` where options of a cluster came without one, or the other way round */
export function readKubernetes(options: KubernetesFlags & OtherFlags): KubernetesOptions | undefined {
  const { kubernetes, kubeconfig, context, namespaces, moverImage, moverTemplate, expose, limit } = options;
  const { resources, resourceHosts, volsync } = options;
  if (!kubernetes) {
    if (
      kubeconfig ??
      context ??
      namespaces ??
      moverImage ??
      moverTemplate ??
      expose ??
      limit ??
      resources ??
      resourceHosts ??
      volsync
    )
      throw new ClientError('WrongUse', 'this is about a Kubernetes cluster, and the host is none', {
        hint: 'add --kubernetes',
      });
    return undefined;
  }
  if (options.via !== undefined)
    throw new ClientError('WrongUse', 'a host is a cluster, or it is reached over SSH: not both', {
      hint: 'leave out --via or --kubernetes',
    });
  if (options.credentials !== undefined)
    throw new ClientError('WrongUse', 'the credentials of a cluster are Secrets of its namespaces', {
      hint: 'leave out --credentials, and make a Secret beside the claim: credentials: NAME in a spec is its name',
    });
  if (resourceHosts && !resources)
    throw new ClientError('WrongUse', 'hosts are allowed to custom resources, and these are not served', {
      hint: 'add --resources',
    });
  if (moverImage === undefined)
    throw new ClientError('WrongUse', 'nothing says which image the pods have that carry data', {
      hint: 'add --mover-image IMAGE: one with sh, GNU coreutils, findutils, util-linux, rsync and OpenSSH',
    });
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    ...(namespaces && { namespaces }),
    ...(resources && { resources: { hosts: resourceHosts ?? [] } }),
    ...(volsync && { volsync }),
    settings: {
      image: moverImage,
      expose: expose ?? 'PodIP',
      ...(options.address !== undefined && { address: options.address }),
      ...(options.port !== undefined && { port: options.port }),
      limitMs: limit ?? DEFAULT_LIMIT_MS,
      template: moverTemplate === undefined ? {} : readTemplate(moverTemplate),
    },
  };
}

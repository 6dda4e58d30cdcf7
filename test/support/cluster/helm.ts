/** The chart in a test's cluster, with images of what the Containerfiles say. */
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import type { Cluster } from '../../cluster/cluster';
import { makeContainerImage, makeTemporalImage } from '../../cluster/containerfile';
import { ROOT } from '../../cluster/paths';
import { run } from '../../cluster/run';
import { findGoTool } from '../stores/go-tools';
import { findTemporal } from '../system/temporal-server';

export const CHART = join(ROOT, 'deploy/helm/tidemark');
export const IMAGES = {
  tidemark: 'tidemark.test/install/tidemark:1',
  mover: 'tidemark.test/install/mover:1',
  temporal: 'tidemark.test/install/temporal:1',
};

/** Runs helm as an administrator of a cluster; what it printed. @throws Error with its own words */
export async function helm(cluster: Cluster, argv: readonly string[]): Promise<string> {
  const env = {
    KUBECONFIG: cluster.kubeconfig,
    HELM_CACHE_HOME: cluster.file('helm/cache'),
    HELM_CONFIG_HOME: cluster.file('helm/config'),
    HELM_DATA_HOME: cluster.file('helm/data'),
  };
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return await run(['env', ...set, findGoTool('helm'), ...argv]);
}

/** Values as flags. */
export const toFlags = (values: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(values).flatMap(([key, value]) => ['--set-json', `${key}=${JSON.stringify(value)}`]);

/** Makes the images of the chart, and brings them to a cluster. */
export async function bringImages(cluster: Cluster, folder: string): Promise<void> {
  const at = (name: string) => join(folder, `${name}.tar`);
  await makeContainerImage('tidemark.Containerfile', IMAGES.tidemark, at('tidemark'));
  await makeContainerImage('mover.Containerfile', IMAGES.mover, at('mover'));
  await makeTemporalImage(findTemporal(), IMAGES.temporal, at('temporal'));
  for (const name of Object.keys(IMAGES)) {
    await cluster.importImage(at(name));
    await rm(at(name));
  }
}

/** Every object of a cluster that can be listed, of every kind, as `kind/namespace/name`; without what comes and goes by itself. */
export async function listEverything(cluster: Cluster): Promise<string[]> {
  const kinds = (await cluster.kubectl(['api-resources', '--verbs=list', '-o', 'name'])).trim().split('\n');
  const wanted = kinds.filter((kind) => !/^(events|leases|componentstatuses|podmetrics)\b/.test(kind));
  const lines = '{range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name}{"\\n"}{end}';
  const text = await cluster.kubectl(['get', wanted.join(','), '-A', '-o', `jsonpath=${lines}`]);
  return text.trim().split('\n').sort();
}

const MONITORING = {
  ServiceMonitor: 'servicemonitors',
  PodMonitor: 'podmonitors',
  PrometheusRule: 'prometheusrules',
};

/** Definitions by the names of the Prometheus operator's, which take anything: they say whether an object is one at all. */
export async function standInForPrometheus(cluster: Cluster, isThere = true): Promise<void> {
  const group = 'monitoring.coreos.com';
  const definitions = Object.entries(MONITORING).map(([kind, plural]) => ({
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    metadata: { name: `${plural}.${group}` },
    spec: {
      ...{ group, scope: 'Namespaced', names: { kind, plural, singular: kind.toLowerCase() } },
      versions: [
        {
          ...{ name: 'v1', served: true, storage: true },
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  }));
  const names = definitions.map(({ metadata }) => `crd/${metadata.name}`);
  if (!isThere) {
    await cluster.kubectl(['delete', ...names]);
    return;
  }
  await cluster.apply(...definitions);
  await cluster.waitFor('condition=Established', names);
}

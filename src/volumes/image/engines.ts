import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import { makeError } from '../shared/tools';
import { containerdEngine } from './containerd';
import { dockerEngine } from './docker';
import type { Engine, Subject } from './engine';
import { podmanEngine } from './podman';
import { type EngineKind, parseStore, makeCommand } from './store';

export const ENGINES: Readonly<Record<EngineKind, Engine>> = {
  podman: podmanEngine,
  docker: dockerEngine,
  containerd: containerdEngine,
};

/** The engine of a volume. @throws TidemarkError `InvalidSpec` */
export function engineOf(
  host: Host,
  volume: Volume,
): Subject & { kind: EngineKind; engine: Engine; location?: string } {
  try {
    const store = parseStore(volume.path);
    const { engine: kind, location } = store;
    const command = makeCommand(store);
    return { host, volume, command, kind, engine: ENGINES[kind], ...(location && { location }) };
  } catch (error) {
    const hint =
      'for example podman, docker:/run/docker.sock or containerd:/run/containerd/containerd.sock#k8s.io';
    throw makeError(
      { host, volume },
      'InvalidSpec',
      `${volume.path} names no store of images`,
      { hint },
      error,
    );
  }
}

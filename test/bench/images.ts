/**
 * Images, beside `podman save | ssh | podman load`: a whole one to an empty store, and one more that adds a layer
 * to what the target has. The stores lie in memory.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ImageStore } from '../support/storage/image-stores';
import type { Bench } from './data-plane';
import { median, timePipe } from './measure';
import type { StreamRow } from './streams';

const exec = promisify(execFile);
const MIB = 1024 ** 2;
const LAYER_BYTES = 64 * MIB;
const BASE = ['one', 'two', 'three', 'four'];
const NAME = 'registry.example/bench/image';

const spec = (name: string, source: ImageStore, target: ImageStore) => `
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: ${name} }
spec:
  source: { host: alpha, image: "${source.volume.path}" }
  targets: [{ host: beta, image: "${target.volume.path}" }]
  retain: { last: 2 }
`;

/** Runs the command line to its end; how long that took, in milliseconds. */
async function timeTidemark({ system }: Bench, args: string[], stdin = ''): Promise<number> {
  const started = performance.now();
  const { exitCode, stderr, stdout } = await system.cli(args, { stdin });
  if (exitCode !== 0) throw new Error(`${stderr}${stdout}`);
  return performance.now() - started;
}

function timeRaw({ ssh }: Bench, source: ImageStore, target: ImageStore, name: string): Promise<number> {
  const save = [...source.command, 'save', '--quiet', name];
  return timePipe(save, [...ssh.command(), 'peer', ...target.command, 'load', '--quiet']);
}

/** One round: `cold` and `layer` for each tool, in milliseconds. */
async function measureRound(bench: Bench, round: number) {
  const stores = await Promise.all([0, 1, 2].map(() => ImageStore.make('podman', bench.memory)));
  const [source, raw, target] = stores as [ImageStore, ImageStore, ImageStore];
  const name = `bench-images-${round}`;
  const settle = () => exec('sync', ['-f', bench.memory]);
  try {
    await source.add(`${NAME}:1`, BASE, { bytes: LAYER_BYTES });
    await settle();
    const rawCold = await timeRaw(bench, source, raw, `${NAME}:1`);
    await settle();
    const apply = ['apply', '-f', '-', '--wait'];
    const tidemarkCold = await timeTidemark(bench, apply, spec(name, source, target));
    await source.add(`${NAME}:2`, [...BASE, `added ${round}`.replace(' ', '-')], { bytes: LAYER_BYTES });
    await settle();
    const rawLayer = await timeRaw(bench, source, raw, `${NAME}:2`);
    await settle();
    const tidemarkLayer = await timeTidemark(bench, ['sync', name, '--wait']);
    await timeTidemark(bench, ['delete', name, '--yes']);
    return { rawCold, tidemarkCold, rawLayer, tidemarkLayer };
  } finally {
    for (const store of stores) await store.dispose();
  }
}

/** Medians, in seconds. */
export async function measureImages(bench: Bench): Promise<StreamRow[]> {
  const rounds: Awaited<ReturnType<typeof measureRound>>[] = [];
  for (let round = 1; round <= bench.rounds; round++) {
    bench.say(`images: round ${round} of ${bench.rounds}`);
    rounds.push(await measureRound(bench, round));
  }
  const seconds = (key: keyof (typeof rounds)[number]) => median(rounds.map((each) => each[key])) / 1000;
  return [
    { work: 'image of 256 MiB, cold', tidemark: seconds('tidemarkCold'), raw: seconds('rawCold') },
    { work: 'image of 320 MiB, one layer new', tidemark: seconds('tidemarkLayer'), raw: seconds('rawLayer') },
  ];
}

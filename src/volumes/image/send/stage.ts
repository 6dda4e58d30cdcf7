/** Takes from an engine what the target lacks of one image, as files named by their digests. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Host, RunOptions } from '../../../hosts/contract';
import { makeError, runTool } from '../../shared/tools';
import { listRows } from '../containerd';
import type { Subject } from '../engine';
import { HEX, toHex } from '../names';
import { classifyEngineFailure, runEngine } from '../run-engine';
import type { EngineKind } from '../store';

export interface Wanted {
  id: string;
  layers: readonly string[];
  /** Those of the layers that the target lacks. */
  missing: readonly string[];
}

/** What stands in `folder/blobs/sha256`, and how the target is to be told of it. */
export interface Staged {
  /** Of the OCI manifest among the blobs. */
  manifest: string;
  /** What the image itself is; see `landing-script.ts`. */
  type: string;
}

type Stage = (subject: Subject, folder: string, wanted: Wanted, options: RunOptions) => Promise<Staged>;

const blobPath = (folder: string, digest: string) => `${folder}/blobs/sha256/${digest}`;

/**
 * Podman does not read a layer whose blob is there already: an empty file stands for each that the target has,
 * until Podman is done.
 */
const stagePodman: Stage = async (subject, folder, { id, layers, missing }, options) => {
  const held = [...new Set(layers)]
    .filter((layer) => !missing.includes(layer))
    .map((layer) => blobPath(folder, layer));
  if (held.length > 0) await runTool(subject, ['touch', '--', ...held], options);
  await runEngine(
    subject,
    ['save', '--quiet', '--format', 'oci-dir', '--uncompressed', '--output', folder, id],
    options,
  );
  if (held.length > 0) await runTool(subject, ['rm', '-f', '--', ...held], options);
  const index = JSON.parse((await subject.host.files.read(`${folder}/index.json`)) ?? '') as unknown;
  const { manifests } = z.object({ manifests: z.array(z.object({ digest: z.string() })) }).parse(index);
  return { manifest: toHex(manifests[0]?.digest ?? '') ?? '', type: 'oci-manifest' };
};

const SavedSchema = z.array(z.object({ Config: z.string(), Layers: z.array(z.string()) })).length(1);

/** Docker saves all or nothing: what the target has is left aside here. */
const stageDocker: Stage = async (subject, folder, wanted, options) => {
  const { id, layers, missing } = wanted;
  const { host } = subject;
  const saved = `${folder}/saved`;
  await host.files.mkdir(saved);
  const save = [...subject.command, 'save', `sha256:${id}`];
  const [saving, unpacking] = await host.pipe(
    [save, ['tar', '-C', saved, '--no-same-owner', '-xf', '-']],
    options,
  );
  if (saving && saving.exitCode !== 0) throw classifyEngineFailure(subject, ['save'], saving);
  if (unpacking && unpacking.exitCode !== 0) throw classifyEngineFailure(subject, ['save'], unpacking);
  const [image] = SavedSchema.parse(JSON.parse((await host.files.read(`${saved}/manifest.json`)) ?? ''));
  const paths = image?.Layers ?? [];
  if (!image || paths.length !== layers.length) {
    throw makeError(subject, 'SourceChanged', `docker saved another image than sha256:${id}`, {
      hint: 'sync again',
    });
  }
  const isPlain = (path: string) => /^[A-Za-z0-9._/-]+$/.test(path) && !path.includes('..');
  const files = [image.Config, ...paths].map((path) => `${saved}/${isPlain(path) ? path : 'unusable'}`);
  // `-L`: a layer that stands in an image twice may be a link the second time.
  const sizes = await runTool(subject, ['stat', '-L', '-c', '%s', '--', ...files], options);
  const [configSize = 0, ...layerSizes] = sizes.stdout.toString().trim().split('\n').map(Number);
  const manifest = await writeManifest(host, folder, { id, size: configSize }, layers, layerSizes);
  await runTool(subject, ['mv', '--', files[0] ?? '', blobPath(folder, id)], options);
  for (const layer of missing) {
    const file = files[layers.indexOf(layer) + 1] ?? '';
    const real = await runTool(subject, ['realpath', '-z', '--', file], options);
    await runTool(
      subject,
      ['mv', '--', real.stdout.toString().replace(/\0$/, ''), blobPath(folder, layer)],
      options,
    );
  }
  return { manifest, type: 'oci-manifest' };
};

/** The manifest that Docker does not keep, for a target that reads one. */
async function writeManifest(
  host: Host,
  folder: string,
  config: { id: string; size: number },
  layers: readonly string[],
  sizes: readonly number[],
): Promise<string> {
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: `sha256:${config.id}`,
      size: config.size,
    },
    layers: layers.map((layer, index) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: `sha256:${layer}`,
      size: sizes[index] ?? 0,
    })),
  });
  const digest = createHash('sha256').update(text).digest('hex');
  await host.files.write(blobPath(folder, digest), text);
  return digest;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  'application/vnd.oci.image.manifest.v1+json': 'oci-manifest',
  'application/vnd.oci.image.index.v1+json': 'oci-index',
  'application/vnd.docker.distribution.manifest.v2+json': 'docker-manifest',
  'application/vnd.docker.distribution.manifest.list.v2+json': 'docker-list',
};

/** Containerd gives out each blob by itself. */
const stageContainerd: Stage = async (subject, folder, { id, missing }, options) => {
  const row = (await listRows(subject)).find((each) => each.id === id);
  const type = MEDIA_TYPES[row?.mediaType ?? ''];
  if (type === undefined) {
    const message = row
      ? `images of type ${row.mediaType} can't be copied`
      : `the image sha256:${id} was removed meanwhile`;
    throw makeError(subject, row ? 'UnsupportedCapture' : 'SourceChanged', message, {
      hint: 'leave it out by the names of mover.image',
    });
  }
  for (const blob of missing) {
    if (!HEX.test(blob))
      throw makeError(subject, 'UnsupportedCapture', `the digest ${blob} is not of sha256`);
    const get = [...subject.command, 'content', 'get', `sha256:${blob}`];
    const write = ['dd', `of=${blobPath(folder, blob)}`, 'bs=1M', 'status=none'];
    const [reading, writing] = await subject.host.pipe([get, write], options);
    if (reading && reading.exitCode !== 0) throw classifyEngineFailure(subject, ['content', 'get'], reading);
    if (writing && writing.exitCode !== 0) throw classifyEngineFailure(subject, ['content', 'get'], writing);
  }
  return { manifest: id, type };
};

const STAGES: Readonly<Record<EngineKind, Stage>> = {
  podman: stagePodman,
  docker: stageDocker,
  containerd: stageContainerd,
};

/**
 * Fills a folder of its own with the blobs that are to be sent. @returns also their bytes
 * @throws TidemarkError `SourceChanged` where the image is gone.
 */
export async function stageImage(
  subject: Subject,
  engine: EngineKind,
  folder: string,
  wanted: Wanted,
  options: RunOptions,
): Promise<Staged & { bytes: number }> {
  await subject.host.files.remove(folder);
  await subject.host.files.mkdir(`${folder}/blobs/sha256`, 0o700);
  const staged = await STAGES[engine](subject, folder, wanted, options);
  const sizes = await runTool(
    subject,
    ['find', `${folder}/blobs`, '-type', 'f', '-printf', '%s\\n'],
    options,
  );
  const bytes = sizes.stdout
    .toString()
    .split('\n')
    .reduce((sum, size) => sum + Number(size), 0);
  return { ...staged, bytes };
}

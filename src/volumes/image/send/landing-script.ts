/**
 * The one command of a landing: a fixed script for `sh`, which needs nothing at the target but the engine's own
 * tool, `tar` and coreutils. What differs comes as arguments, from the target itself. Each connection makes one
 * request, a line of words that the script checks:
 *
 * | request | answer |
 * | --- | --- |
 * | `list` | what the engine holds, and what the names were last set to |
 * | `load ID MANIFEST TYPE LAYERS…`, then a tar of the missing blobs | imports the image under the name that keeps it |
 * | `finish BYTES`, then the state as JSON | keeps that for `publish`, once it is whole |
 * | `record` | the recovery point that is to be compared |
 * | `check`, then an identity a line | the digests of what is really there, read from the engine |
 *
 * The names in a landing are made here: what the source sends can't be called as a user's image is.
 */
import { IMAGE_FORMAT } from '../classic';
import type { EngineKind } from '../store';

/** Ends a request that this script never answers. */
export const BAD_REQUEST = 64;
/** Less came than was announced. */
export const CUT_OFF = 65;

/** The first line of every answer to `list`, then the kind of engine. */
export const GREETING = 'tidemark-images';
/** Between the parts of an answer to `list`. */
export const SEPARATOR = '==';

const CLASSIC_LIST = `"$@" image ls --quiet --no-trunc | sort -u | xargs -r "$@" image inspect --format '${IMAGE_FORMAT}' || :`;
const CLASSIC_CHECK = `"$@" save "$d" | tar -x --to-command=sha256sum`;

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** What differs between engines; `$dir` holds the unpacked blobs. */
const SCRIPTS: Readonly<Record<EngineKind, { list: string; load: string; check: string }>> = {
  podman: {
    list: CLASSIC_LIST,
    load: [
      `printf '{"imageLayoutVersion":"1.0.0"}' > "$dir/oci-layout"`,
      `printf '{"schemaVersion":2,"manifests":[{"mediaType":"${OCI_MANIFEST}","digest":"sha256:%s","size":%s}]}' "$manifest" "$(stat -c %s "$dir/blobs/sha256/$manifest")" > "$dir/index.json"`,
      // By a relative path: Podman makes the name of all of it.
      `cd "$work"; "$@" load --quiet --input "tidemark-$slug-$$" >&2`,
      // It has the folder's name until here, and so is never without any.
      `"$@" tag "$id" "$kept:$id"`,
      `"$@" untag "$id" "localhost/tidemark-$slug-$$:latest" >&2 || :`,
    ].join('; '),
    check: CLASSIC_CHECK,
  },
  docker: {
    list: CLASSIC_LIST,
    load: [
      `all=`,
      `for layer in $layers; do hex "$layer"; all="$all,\\"blobs/sha256/$layer\\""; done`,
      `printf '[{"Config":"blobs/sha256/%s","RepoTags":["%s:%s"],"Layers":[%s]}]' "$id" "$kept" "$id" "\${all#,}" > "$dir/manifest.json"`,
      `tar -C "$dir" -cf - . | "$@" load --quiet >&2`,
      `"$@" tag "sha256:$id" "$kept:$id"`,
    ].join('; '),
    check: CLASSIC_CHECK,
  },
  containerd: {
    list: `"$@" images ls; echo ${SEPARATOR}; "$@" content ls --quiet`,
    load: [
      `case "$type" in ${[
        `oci-manifest) t=${OCI_MANIFEST}`,
        'oci-index) t=application/vnd.oci.image.index.v1+json',
        'docker-manifest) t=application/vnd.docker.distribution.manifest.v2+json',
        'docker-list) t=application/vnd.docker.distribution.manifest.list.v2+json',
        `*) exit ${BAD_REQUEST}`,
      ].join(';; ')};; esac`,
      `if [ -f "$dir/blobs/sha256/$id" ]; then size=$(stat -c %s "$dir/blobs/sha256/$id"); else size=$("$@" content get "sha256:$id" | wc -c); fi`,
      `printf '{"imageLayoutVersion":"1.0.0"}' > "$dir/oci-layout"`,
      `printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"sha256:%s","size":%s,"annotations":{"io.containerd.image.name":"%s:%s"}}]}' "$t" "$id" "$size" "$kept" "$id" > "$dir/index.json"`,
      `tar -C "$dir" -cf - . | "$@" images import --no-unpack - >&2`,
    ].join('; '),
    check: `"$@" content get "sha256:$d" | sha256sum`,
  },
};

function makeScript(engine: EngineKind): string {
  const { list, load, check } = SCRIPTS[engine];
  return [
    'set -eu; umask 077; work=$1; slug=$2; record=$3; shift 3',
    'kept="tidemark.local/$slug"',
    `hex() { case "$1" in *[!0-9a-f]*|"") exit ${BAD_REQUEST};; esac; }`,
    'IFS=" " read -r verb id manifest type layers',
    // A landing to compare with never writes, and one to write never shows a point.
    `case "$verb $record" in list*) ;; load*-|finish*-) ;; record*-|check*-) exit ${BAD_REQUEST};; record*|check*) ;; *) exit ${BAD_REQUEST};; esac`,
    `case "$verb" in ${[
      `list) echo "${GREETING} ${engine}"; ${list}; echo ${SEPARATOR}; cat "$work/../live.json" 2>/dev/null || :`,
      `load) hex "$id"; hex "$manifest"; dir="$work/tidemark-$slug-$$"; trap 'rm -rf "$dir"' EXIT; trap 'exit 143' HUP INT TERM; mkdir "$dir"; tar -C "$dir" --no-same-owner -xf - >&2; rm -rf "$dir/index.json" "$dir/oci-layout" "$dir/manifest.json"; ${load}`,
      `finish) cat > "$work/landed.tmp"; [ "$(stat -c %s "$work/landed.tmp")" = "$id" ] || exit ${CUT_OFF}; sync "$work/landed.tmp"; mv -f "$work/landed.tmp" "$work/landed.json"`,
      'record) cat "$record"',
      `check) while read -r d; do hex "$d"; echo "image $d"; ${check} || echo "failed"; done`,
    ].join(';; ')};; esac`,
  ].join('; ');
}

/** What a landing runs. */
export interface LandingArguments {
  engine: EngineKind;
  /** The engine's tool with what chooses the store. */
  command: readonly string[];
  /** The relationship's folder `landing` in the store's meta folder. */
  folder: string;
  /** The relationship, as names of images have it. */
  slug: string;
  /** The file of the point to compare; left out for a landing that is written to. */
  record?: string;
}

/** The command, without line breaks: a line of `authorized_keys` can't carry any. */
export function makeLandingCommand({ engine, command, folder, slug, record }: LandingArguments): string[] {
  return ['sh', '-c', makeScript(engine), 'tidemark', folder, slug, record ?? '-', ...command];
}

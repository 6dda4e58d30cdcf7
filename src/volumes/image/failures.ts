/** What container engines say where they fail: one table for all of them, on either side. Pure. */
import type { ErrorType } from '../../model/errors';

interface Rule {
  says: RegExp;
  type: ErrorType;
  message: string;
  hint: string;
}

export const ENGINE_RULES: readonly Rule[] = [
  {
    says: /no space left on device|disk quota exceeded/i,
    type: 'TargetFull',
    message: 'there is no room for the image',
    hint: 'free space there, or keep fewer recovery points (spec.retain); the recovery points are whole',
  },
  {
    says: /Cannot connect to the Docker daemon|error during connect|failed to dial|connection error: desc|dial unix .*(no such file|connection refused)|permission denied.*(docker|containerd)\S*\.sock/i,
    type: 'VolumeMissing',
    message: 'the container engine does not answer',
    hint: 'start it (systemctl start docker, or containerd), or correct the socket in the spec',
  },
  {
    says: /image not known|no such image|No such image|unable to find .* in local storage|reference does not exist|content digest .*: not found|image ".*": not found|blob .* not found|open .*\/blobs\/sha256\/[0-9a-f]{64}: no such file/i,
    type: 'SourceChanged',
    message: 'an image, or a layer of it, was removed meanwhile',
    hint: 'the next sync looks again; something there removes images while they are copied: docker image prune, podman rmi -f?',
  },
];

/** The rule for what a tool said. */
export function findEngineRule(stderr: string): Rule | undefined {
  return ENGINE_RULES.find(({ says }) => says.test(stderr));
}

/** A container uses the image, or another image is built on it: it stays. */
export function isInUse(stderr: string): boolean {
  return /(image used by|image is in use by a container|is using its referenced image|is being used by|dependent child images)/.test(
    stderr,
  );
}

/** There is no such name, or image. */
export function isUnknown(stderr: string): boolean {
  return /(image not known|[Nn]o such image|reference does not exist|not found)/.test(stderr);
}

/** Holds: what keeps everybody, also a person, from destroying a base by accident. */
import type { Entry } from './listing';
import { isMissing, runZfs, type Subject } from './tools';

/** Holds these snapshots. Idempotent. */
export async function hold(subject: Subject, snapshots: readonly Entry[], tag: string): Promise<void> {
  const allow = (stderr: string) => /tag already exists/.test(stderr);
  for (const { name } of snapshots) await runZfs(subject, ['hold', tag, name], { allow });
}

/** Releases these snapshots, where they are held by this tag. Idempotent. */
export async function dropHold(subject: Subject, snapshots: readonly Entry[], tag: string): Promise<void> {
  const allow = (stderr: string) => /no such tag/.test(stderr) || isMissing(stderr);
  for (const { name, properties } of snapshots) {
    if (properties['userrefs'] !== '0') await runZfs(subject, ['release', tag, name], { allow });
  }
}

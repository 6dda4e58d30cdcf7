/** Reads what the programs of a stream print. Pure. */

/** The newest count of `dd status=progress`, in bytes. */
export function readCopied(text: string): number | undefined {
  const found = [...text.matchAll(/(\d+) bytes?\b[^\r\n]*copied/g)].at(-1)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** The size that `zfs send -nP` expects. */
export function readEstimate(text: string): number | undefined {
  const found = /^size\s+(\d+)$/m.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

const MAGIC = 0x2f5bacbacn;
const BEGIN_BYTES = 48;

/** The identity of the snapshot that a stream holds, from its first bytes; undefined for what is no stream. */
export function readStreamIdentity(head: Buffer): string | undefined {
  if (head.length < BEGIN_BYTES) return undefined;
  if (head.readBigUInt64LE(8) === MAGIC) return head.readBigUInt64LE(40).toString();
  if (head.readBigUInt64BE(8) === MAGIC) return head.readBigUInt64BE(40).toString();
  return undefined;
}

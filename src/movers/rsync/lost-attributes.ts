/** Finds the files whose attributes a receiver does not keep. */
import type { Runner } from '../../hosts/contract';
import { makeToolMissing } from '../../hosts/missing-tool';
import { type AttributeSpace, isRoot, type Keeps, REASON_OF_ATTRIBUTE } from '../../model/keeps';
import type { LeftOutReason } from '../../model/left-out';
import type { OnFound } from '../../trees/left-out';
import { makeRecordReader } from '../../hosts/record-reader';

const NAMES: Record<AttributeSpace, RegExp> = {
  user: /^user\./,
  // XFS shows each ACL a second time.
  trusted: /^trusted\.(?!SGI_ACL_)/,
  security: /^security\.capability$/,
  acl: /^system\.posix_acl_/,
};

/** The attributes that a receiver does not keep: others than root see and write `user.*` and ACLs alone. */
function lostSpaces(keeps: Keeps | undefined): AttributeSpace[] {
  if (!keeps) return [];
  return isRoot(keeps) ? keeps.lacks : [...new Set<AttributeSpace>(['trusted', 'security', ...keeps.lacks])];
}

/** As getfattr prints it: a backslash and three octal digits for what would break the line. */
function unescapePath(text: string): string {
  return text
    .replace(/^\.\//, '')
    .replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Told of each file once for each reason, from what `getfattr` prints. Pure. */
export function makeAttributeReader(
  spaces: readonly AttributeSpace[],
  onFound: OnFound,
): (line: string) => void {
  let path = '';
  let told = new Set<LeftOutReason>();
  return (line) => {
    if (line.startsWith('# file: ')) {
      path = unescapePath(line.slice('# file: '.length));
      told = new Set();
      return;
    }
    const space = spaces.find((each) => NAMES[each].test(line));
    const reason = space && REASON_OF_ATTRIBUTE[space];
    if (reason === undefined || told.has(reason)) return;
    told.add(reason);
    onFound(reason, path);
  };
}

/**
 * Reads the names of attributes, where some of them are not kept.
 * @param find prints what is carried; without what it is to print.
 * @throws TidemarkError `ToolMissing` without getfattr.
 */
export async function findLostAttributes(
  host: Runner,
  find: readonly string[],
  { keeps, cwd, signal }: { keeps?: Keeps; cwd: string; signal?: AbortSignal },
  onFound: OnFound,
): Promise<void> {
  const spaces = lostSpaces(keeps);
  if (spaces.length === 0) return;
  const getfattr = ['xargs', '-0', '-r', 'getfattr', '-h', '-m', '-', '--'];
  const results = await host.pipe([[...find, '!', '-type', 'l', '-print0'], getfattr], {
    cwd,
    onStdout: makeRecordReader(makeAttributeReader(spaces, onFound), '\n').push,
    maxOutputBytes: 64 * 1024,
    ...(signal && { signal }),
  });
  // Names that are gone make xargs end with 123.
  if (results.at(-1)?.exitCode === 127) throw makeToolMissing(host.name, 'getfattr');
}

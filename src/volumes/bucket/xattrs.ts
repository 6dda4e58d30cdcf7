/** Extended attributes as `getfattr` prints them, and as `setfattr --restore` reads them. Pure. */

/** Carried: ACLs and what programs set. Not what a filesystem or a security module keeps for itself. */
const isCarried = (name: string): boolean =>
  (/^(user|trusted)\./.test(name) && !XFS_ACL.test(name)) ||
  name === 'security.capability' ||
  name.startsWith('system.posix_acl_');

/** How XFS shows its ACLs a second time. */
const XFS_ACL = /^trusted\.SGI_/;

/** Both tools write a backslash, a newline and the like as three octal digits. */
const unescapePath = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
const escapePath = (path: string): string =>
  path.replaceAll(/[\\\n\r]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);

/** By path, as it was asked for; those that have any. @param lines of `getfattr -d -e hex`, bytes as characters */
export function parseXattrs(lines: readonly string[]): Map<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>();
  let path: string | undefined;
  for (const line of lines) {
    if (line.startsWith('# file: ')) path = unescapePath(line.slice('# file: '.length));
    const [, name = '', value = ''] =
      /^([^=]+)=0x([0-9a-f]*)$/.exec(line) ?? /^([^=\s#]+)(?:=)?$/.exec(line) ?? [];
    if (path === undefined || !isCarried(name)) continue;
    found.set(path, { ...found.get(path), [name]: value });
  }
  return found;
}

/** What `setfattr --restore` is to set. Bytes, one character each. */
export const renderXattrs = (
  wanted: readonly (readonly [path: string, Readonly<Record<string, string>>])[],
): string =>
  wanted
    .map(([path, xattrs]) => {
      const lines = Object.entries(xattrs).map(([name, value]) => `${name}=0x${value}\n`);
      return `# file: ${escapePath(path)}\n${lines.join('')}\n`;
    })
    .join('');

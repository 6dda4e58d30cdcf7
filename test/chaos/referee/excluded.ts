/** True for a path that is not to be carried, as rsync reads these patterns. */
export function isExcluded(
  path: string,
  { isFolder, patterns }: { isFolder: boolean; patterns: readonly string[] },
): boolean {
  return patterns.some((pattern) => {
    if (pattern.endsWith('/') && !isFolder) return false;
    if (pattern.startsWith('/')) return path === pattern.slice(1).replace(/\/$/, '');
    return path.split('/').at(-1) === pattern;
  });
}

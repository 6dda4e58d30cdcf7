/** True for what writing a file failed with where its filesystem, or a quota, has no room: here, and over SSH. */
export function isOutOfRoom(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

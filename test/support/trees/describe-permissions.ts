import { execFileSync } from 'node:child_process';

/** What VolSync's mover brings of a volume: what `getfacl` tells of it, and the content of its files. */
export const describePermissions = (volume: string) => ({
  facl: execFileSync('getfacl', ['-n', '-R', '.'], { cwd: volume, stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .split('\n\n')
    .toSorted(),
  files: execFileSync('find', ['.', '-type', 'f', '-exec', 'sha256sum', '{}', '+'], { cwd: volume })
    .toString()
    .split('\n')
    .toSorted(),
});

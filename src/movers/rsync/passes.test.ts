import { spawnSync } from 'node:child_process';
import { MoverSchema } from '../../model/spec';
import { makeClientOptions, type Pass, placeholderOf } from './options';
import { makePasses } from './passes';
import { parseServerCommand } from './server-command';

const MODES = ['inPlace', 'delayed'] as const;
const MOVERS = {
  'usual options': {},
  'checksums and other options': {
    checksum: true,
    compress: 'zstd' as const,
    exclude: ['*.tmp'],
    extraOptions: ['--fuzzy' as const, '--fsync' as const, '--no-devices' as const],
  },
};
const PASSES: Pass[] = ['main', 'dry', 'content'];

/** What this machine's rsync would run at the target. */
function announce(
  mode: (typeof MODES)[number],
  pass: Pass,
  options: (typeof MOVERS)['usual options'],
): string[] {
  const mover = MoverSchema.parse({ rsync: options });
  const client = makeClientOptions(mover, mode, { compress: 'none' }, { pass });
  const argv = [...client, '--debug=CMD', '-e', 'false', '--', '/tmp/', `x:${placeholderOf(pass)}`];
  const { stdout, stderr } = spawnSync('rsync', argv, { encoding: 'utf8' });
  return parseServerCommand(`${stdout}\n${stderr}`);
}

/** Words in any order, letters in any order: rsync parses them so. */
function normalize(command: readonly string[]): string[] {
  const [program = '', server = '', letters = '', ...rest] = command;
  const [options = '', abilities = ''] = letters.slice(1).split('e.');
  const sorted = [...options].sort().join('');
  return [program, server, sorted, abilities.replace('i', ''), ...rest.slice(0, -1).sort()];
}

describe.each(MODES)('the passes of a transfer that writes %s', (mode) => {
  describe.each(Object.entries(MOVERS))('with %s', (_name, options) => {
    const passes = makePasses(announce(mode, 'main', options), { mode, path: '/srv/wiki', maxDeletions: 7 });

    it.each(PASSES)('run for %s what rsync itself would', (pass) => {
      const own = passes[pass].filter((word) => word !== '--max-delete=7');
      expect(normalize(own)).toEqual(normalize(announce(mode, pass, options)));
      expect(passes[pass].at(-1)).toBe('/srv/wiki/.');
    });

    it('delete nothing where contents are compared', () => {
      expect(passes.content.join(' ')).not.toContain('delete');
    });

    it('limit deletions where something is written, and count all of them where nothing is', () => {
      expect(passes.main).toContain('--max-delete=7');
      expect(passes.dry).not.toContain('--max-delete=7');
      expect(passes.dry[2]).toMatch(/^-n/);
    });
  });
});

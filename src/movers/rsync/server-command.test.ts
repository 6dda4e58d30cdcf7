import fc from 'fast-check';
import { errorOfType } from '../../../test/support/expect-type';
import type { LandingMode } from './options';
import { completeServerCommand, parseServerCommand } from './server-command';

/** What rsync 3.5.0 printed, with `--debug=CMD -e false`. */
const PRINTED = {
  inPlace:
    'opening connection using: false tidemark-landing rsync --server -lHogDtpAXrxSe.iLsfxCIvu "--log-format=%i" --timeout=30 --delete-delay -@-1 --numeric-ids --info=STATS2 --inplace --no-W . /landing/  (15 args)',
  delayed:
    'opening connection using: false tidemark-landing rsync --server -lyHogDtpAXrcxSe.iLsfxCIvu "--log-format=%i" --timeout=1800 --bwlimit=100 --compress-choice=zstd --delete-delay --partial-dir .tidemark-partial --delay-updates -@-1 --numeric-ids --fsync --info=STATS2 . /landing/  (19 args)',
  verify:
    'opening connection using: false tidemark-landing rsync --server -nlHogDtpAXrcxSe.iLsfxCIvu "--log-format=%i" --timeout=1800 --delete -@-1 --numeric-ids . /landing/  (12 args)',
};
const MODES = Object.keys(PRINTED) as LandingMode[];
const offered = (mode: LandingMode) => parseServerCommand(PRINTED[mode]);

describe('parseServerCommand', () => {
  it('finds the words that rsync would pass to the target', () => {
    expect(offered('inPlace')).toEqual([
      ...[
        'rsync',
        '--server',
        '-lHogDtpAXrxSe.iLsfxCIvu',
        '--log-format=%i',
        '--timeout=30',
        '--delete-delay',
        '-@-1',
      ],
      ...['--numeric-ids', '--info=STATS2', '--inplace', '--no-W', '.', '/landing/'],
    ]);
  });

  it('notices when it would split the words in another way than rsync', () => {
    const wrong = PRINTED.inPlace.replace('15 args', '16 args');
    expect(() => parseServerCommand(wrong)).toThrow(errorOfType('ToolFailed'));
  });

  it('says so where rsync prints no command', () => {
    expect(() => parseServerCommand('rsync: unknown option')).toThrow(errorOfType('ToolFailed'));
  });
});

describe('completeServerCommand', () => {
  it('puts the real path in, which must exist, and lets rsync make no folder', () => {
    const command = completeServerCommand(offered('inPlace'), { mode: 'inPlace', path: '/srv/wiki' });
    expect(command.slice(-2)).toEqual(['.', '/srv/wiki/.']);
  });

  it('leaves the pace to the source', () => {
    expect(offered('delayed')).toContain('--bwlimit=100');
    const command = completeServerCommand(offered('delayed'), { mode: 'delayed', path: '/srv/wiki' });
    expect(command.filter((word) => word.startsWith('--bwlimit'))).toEqual([]);
  });

  it("enforces the target's own limit on deletions", () => {
    const command = completeServerCommand(offered('delayed'), {
      mode: 'delayed',
      path: '/srv',
      maxDeletions: 7,
    });
    expect(command.slice(0, 4)).toEqual([
      'rsync',
      '--server',
      '-lyHogDtpAXrcxSe.iLsfxCIvu',
      '--max-delete=7',
    ]);
  });

  it.each(MODES)('takes what this mover offers for %s, and refuses it for the others', (mode) => {
    expect(() => completeServerCommand(offered(mode), { mode, path: '/srv' })).not.toThrow();
    for (const other of MODES.filter((name) => name !== mode)) {
      expect(() => completeServerCommand(offered(mode), { mode: other, path: '/srv' })).toThrow(
        errorOfType('InvalidSpec'),
      );
    }
  });

  it.each(MODES)('refuses %s with any other word in it', (mode) => {
    const words = offered(mode);
    const evil = fc.oneof(
      fc.string(),
      fc.string().map((text) => `--${text}`),
      fc.string().map((text) => `-${text}`),
      fc.string().map((text) => `/${text}`),
      fc.constantFrom(
        ...['--sender', '--daemon', '--config=/x', '--remove-source-files', '-e', '--rsh=x', '-n', '-L'],
      ),
      fc.constantFrom(
        ...['--partial-dir', '--temp-dir=/x', '--backup-dir=/x', '--log-file=/x', '--copy-dest=/x', '.', '/'],
      ),
      fc.constantFrom(
        ...[
          '--files-from=/x',
          '--write-devices',
          '--max-delete=9',
          '--delete',
          '--delete-excluded',
          '--force',
        ],
      ),
    );
    fc.assert(
      fc.property(evil, fc.nat(words.length), fc.boolean(), (word, at, replace) => {
        const changed = words.toSpliced(at, replace ? 1 : 0, word);
        fc.pre(JSON.stringify(changed) !== JSON.stringify(words));
        let command: string[];
        try {
          command = completeServerCommand(changed, { mode, path: '/srv' });
        } catch {
          return;
        }
        // What passes may only leave out or vary what is harmless: no path but the target's own.
        expect(command.slice(-2)).toEqual(['.', '/srv/.']);
        const allowed =
          /^(rsync|--server|-[lHogDtpAXrxScyWOJn]+e\.[A-Za-z]*|--log-format=%i|--timeout=\d+|--compress-choice=(zstd|lz4)|--numeric-ids|-@-1|--(no-)?(specials|devices)|--info=STATS2|--delete-delay|--no-W|--ignore-errors|--fsync|--preallocate|--inplace|--delay-updates|--partial-dir|\.tidemark-partial|--delete|\.|\/srv\/\.)$/;
        for (const passed of command) expect(passed).toMatch(allowed);
        expect(/^-[a-zA-Z]*n[a-zA-Z]*e\./.test(command[2] ?? '')).toBe(mode === 'verify');
      }),
      { numRuns: 2000 },
    );
  });
});

import fc from 'fast-check';
import { quoteAlways } from '../../../model/shell-quote';
import { judge } from './judge';
import { partWords } from './words';

const rules = { folder: '/srv/incoming/wiki' };
const volsync = { ...rules, signal: 'volsync' } as const;

test.each([
  ['of VolSync', '-lHogDtpArxSze.iLsfxCIvu --log-format=%i --delete --info=MISC2,STATS2 . .'],
  [
    'of a NAS',
    '-lHogDtpAXrSe.iLsfxCIvu --log-format=X --timeout=30 --bwlimit=100 --partial --numeric-ids . .',
  ],
  ['of an old rsync', '-logDtpre.iLs --delete-after --stats . /'],
  ['to the folder by its name', '-logDtpre.iLsfxCIvu . /srv/incoming/wiki/'],
  ['that goes on inside files', '-vltrcIe.iLsfxCIvu --size-only --modify-window=-1 --inplace --append . .'],
  ['that keeps parts', '-logDtpre.iLsfxCIvu --partial-dir=.rsync-partial . .'],
  ['by the nanosecond', '-logDtpre.iLsfxCIvu -@-1 -B4096 . .'],
  ['without a name', '-logDtpre.iLsfxCIvu . '],
])('a push %s is taken', (_, args) => {
  const asked = judge(`rsync --server ${args}`, rules);
  expect(asked).toMatchObject({ kind: 'push', isDry: false });
  expect(asked.kind === 'push' && asked.options.join(' ')).toBe(args.split(' . ')[0]);
});

test('a push that only looks is known', () => {
  expect(judge('rsync --server -nlogDtpre.iLsfxCIvu --delete . .', rules)).toMatchObject({ isDry: true });
  expect(judge('rsync --server -logDtpre.iLsfnxCIvu --delete . .', rules)).toMatchObject({ isDry: false });
  // Tidemark's own look at a peer.
  expect(judge('rsync --server -ndxe.LsfxCIvu --no-r --delete . .', volsync)).toMatchObject({ isDry: true });
});

test.each([
  ['a shell', '', /takes pushes of rsync/],
  ['another program', 'cat /etc/shadow', /cat is not served/],
  ['rsync itself', 'rsync -a /etc/ /srv/incoming/wiki/', /takes pushes of rsync/],
  ['a daemon', 'rsync --server --daemon --config=/tmp/x .', /may not be told --daemon/],
  ['to read', 'rsync --server --sender -logDtpre.iLsfxCIvu . /etc', /only takes/],
  ['to hide its options', 'rsync --server -slogDtpre.iLsfxCIvu', /without --secluded-args/],
  ['links to be followed', 'rsync --server -Klogtpre.iLsfxCIvu . .', /may not be told -Klog/],
  ['paths of its own', 'rsync --server -vRlogtpre.iLsfxCIvu . .', /without --relative/],
  ['a log', 'rsync --server -re.iLsfxCIvu --log-file=/etc/cron.d/x . .', /--log-file/],
  ['a log, by two words', 'rsync --server -re.iLsfxCIvu --log-file /etc/cron.d/x . .', /--log-file/],
  ['scratch elsewhere', 'rsync --server -re.iLsfxCIvu --temp-dir=/etc . .', /--temp-dir/],
  ['scratch elsewhere, shortly', 'rsync --server -reT/etc . .', /may not be told/],
  ['parts elsewhere', 'rsync --server -re.iLsfxCIvu --partial-dir=/etc . .', /--partial-dir/],
  ['parts above', 'rsync --server -re.iLsfxCIvu --partial-dir=.. . .', /--partial-dir/],
  ['backups elsewhere', 'rsync --server -re.iLsfxCIvu --backup-dir=../x . .', /--backup-dir/],
  ['a list of files', 'rsync --server -re.iLsfxCIvu --files-from=/etc/passwd . .', /--files-from/],
  ['links to other files', 'rsync --server -re.iLsfxCIvu --link-dest=/etc . .', /--link-dest/],
  ['its source gone', 'rsync --server -re.iLsfxCIvu --remove-source-files . .', /--remove-source-files/],
  ['devices written to', 'rsync --server -re.iLsfxCIvu --write-devices . .', /--write-devices/],
  ['another user', 'rsync --server -re.iLsfxCIvu --copy-as=root . .', /--copy-as/],
  ['another shell', "rsync --server '-re sh' . .", /may not be told -re sh/],
  ['a folder above', 'rsync --server -re.iLsfxCIvu . ..', /whole folder/],
  ['another folder', 'rsync --server -re.iLsfxCIvu . /etc', /whole folder/],
  ['a folder inside', 'rsync --server -re.iLsfxCIvu . link/x', /whole folder/],
  ['two folders', 'rsync --server -re.iLsfxCIvu . . /etc', /whole folder/],
  ['an option after all', 'rsync --server -re.iLsfxCIvu . --log-file=/x', /whole folder/],
  ['no folder', 'rsync --server -re.iLsfxCIvu', /whole folder/],
  ['more commands', 'rsync --server -re.iLsfxCIvu . .; reboot', /whole folder/],
  ['more lines', 'rsync --server -re.iLsfxCIvu . .\nreboot', /takes pushes of rsync/],
  ['an end that it does not know', 'shutdown 0', /shutdown is not served/],
])('who asks for %s is refused', (_, command, why) => {
  expect(judge(command, rules)).toEqual({ kind: 'refused', why: expect.stringMatching(why) as unknown });
});

test('a push is over by the signal alone, and by nothing like it', () => {
  expect(judge('shutdown 0', volsync)).toEqual({ kind: 'over' });
  expect(judge('shutdown 12', volsync)).toMatchObject({ kind: 'refused' });
  for (const command of ['shutdown', 'shutdown -h 0', 'shutdown 0 x', 'shutdown now', '/sbin/shutdown 0'])
    expect(judge(command, volsync).kind).toBe('refused');
});

test('words are parted as rsync quotes them, and come back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[^\0\r\n]*$/)), (words) => {
      expect(partWords(words.map(quoteAlways).join(' '))).toEqual(words);
      const escaped = words.filter((word) => word !== '').map((word) => word.replaceAll(/./gs, '\\$&'));
      expect(partWords(escaped.join(' '))).toEqual(words.filter((word) => word !== ''));
    }),
  );
  expect(partWords("it's")).toBeUndefined();
  expect(partWords('end\\')).toBeUndefined();
});

test('whatever is asked for, no option that is passed on names a path, another program or an argument of its own', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'rsync',
      '--server',
      '--sender',
      '.',
      '..',
      '/',
      '/etc',
      '-re.iLs',
      '--delete',
      '--partial',
    ),
    fc.constantFrom(
      '--partial-dir=',
      '--log-format=',
      '--info=',
      '--timeout=',
      '-s',
      '-e',
      '--',
      '-',
      '--temp-dir=',
    ),
    fc.stringMatching(/^-{0,2}[a-zA-Z=/.]{0,6}$/),
    fc.string({ maxLength: 5 }),
  );
  const command = fc
    .array(fc.array(piece, { maxLength: 3 }), { maxLength: 6 })
    .map((words) => `rsync --server ${words.map((parts) => parts.join('')).join(' ')} . .`);
  fc.assert(
    fc.property(command, (asked) => {
      const judged = judge(asked, rules);
      if (judged.kind !== 'push') return;
      for (const option of judged.options) {
        expect(option).toMatch(/^-/);
        expect(option.replace(/^--skip-compress=.*/, '')).not.toMatch(/[/\s]|(^|=)\.{1,2}$/);
        expect(option).not.toMatch(/^--?(sender|daemon|server|config|log-file|temp-dir|backup|files-from)/);
        expect(option).not.toMatch(/^-[a-zA-Z]*?[sKRTfMb]/);
      }
    }),
    { numRuns: 5000 },
  );
});

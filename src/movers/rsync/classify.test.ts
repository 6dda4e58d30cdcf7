import type { ErrorType } from '../../model/errors';
import { classifyEnding, countVanished, parseSkippedDeletions } from './classify';
import { shortenMessages } from '../shared/ssh-rules';

/** What ssh, sshd, flock and rsync 3.5.0 printed when it really happened. */
const ENDINGS: [ErrorType, number, string][] = [
  [
    'AuthRejected',
    255,
    'root@127.0.0.1: Permission denied (publickey).\nrsync: connection unexpectedly closed (0 bytes received so far) [sender]\nrsync error: unexplained error (code 255) at io.c(285) [sender=3.5.0]',
  ],
  [
    'HostKeyMismatch',
    255,
    '@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\nHost key for tidemark-landing has changed and you have requested strict checking.\nHost key verification failed.\nrsync: connection unexpectedly closed (0 bytes received so far) [sender]',
  ],
  [
    'HostKeyMismatch',
    255,
    'No ED25519 host key is known for tidemark-landing and you have requested strict checking.\nHost key verification failed.',
  ],
  ['HostUnreachable', 255, 'ssh: connect to host 127.0.0.1 port 1: Connection refused'],
  [
    'HostUnreachable',
    12,
    'ssh: connect to host 127.0.0.1 port 1: Connection refused\nrsync: [sender] write error: Broken pipe (32)',
  ],
  ['TransferInterrupted', 12, 'Read from remote host 127.0.0.1: Connection timed out'],
  ['HostUnreachable', 255, 'ssh: connect to host 192.0.2.1 port 22: Connection timed out'],
  ['HostUnreachable', 255, 'ssh: Could not resolve hostname nowhere: Name or service not known'],
  [
    'HostUnreachable',
    255,
    'ssh_dispatch_run_fatal: Connection to 10.96.12.7 port 22: Resource temporarily unavailable',
  ],
  ['ToolMissing', 255, 'No user exists for uid 1234'],
  [
    'HostUnreachable',
    255,
    'kex_exchange_identification: Connection closed by remote host\nConnection closed by 127.0.0.1 port 4',
  ],
  [
    'TransferInterrupted',
    255,
    'Timeout, server 127.0.0.1 not responding.\nrsync: [sender] write error: Broken pipe (32)',
  ],
  ['TransferInterrupted', 255, 'client_loop: send disconnect: Broken pipe'],
  ['TransferInterrupted', 255, ''],
  ['TransferInterrupted', 12, 'rsync: connection unexpectedly closed (33 bytes received so far) [sender]'],
  [
    'TransferInterrupted',
    30,
    'rsync error: timeout in data send/receive (code 30) at io.c(201) [sender=3.5.0]',
  ],
  [
    'TransferInterrupted',
    20,
    'rsync error: received SIGINT, SIGTERM, or SIGHUP (code 20) at rsync.c(713) [sender=3.5.0]',
  ],
  ['TransferInterrupted', 137, ''],
  [
    'TargetFull',
    11,
    'rsync: [receiver] write failed on "/mnt/big": No space left on device (28)\nrsync error: error in file IO (code 11) at receiver.c(380) [receiver=3.5.0]',
  ],
  ['TargetFull', 23, 'rsync: [receiver] mkstemp "/mnt/.x.HvTqJw" failed: No space left on device (28)'],
  [
    'TargetFull',
    12,
    'rsync: [receiver] write failed on "/mnt/big": Disk quota exceeded (122)\nrsync: connection unexpectedly closed',
  ],
  ['SourceChanged', 23, 'rsync: [sender] change_dir "/srv/gone" failed: No such file or directory (2)'],
  ['SourceChanged', 23, 'rsync: [sender] link_stat "/srv/wiki/a/b" failed: Not a directory (20)'],
  ['VolumeMissing', 11, 'rsync: [Receiver] mkdir "/srv/gone/." failed: No such file or directory (2)'],
  ['VolumeMissing', 12, 'flock: cannot open lock file /srv/gone/.: No such file or directory'],
  ['VolumeBusy', 75, 'rsync: connection unexpectedly closed (0 bytes received so far) [sender]'],
  ['SourceChanged', 23, 'ERROR: db.sqlite failed verification -- update discarded.'],
  ['ToolMissing', 127, "env: 'rsync': No such file or directory"],
  ['ToolMissing', 12, 'flock: failed to execute rsync: No such file or directory'],
  ['ToolFailed', 23, 'rsync: [sender] send_files failed to open "/srv/secret": Permission denied (13)'],
  ['ToolFailed', 23, 'rsync: [sender] read errors mapping "/srv/bad": Input/output error (5)'],
  ['ToolFailed', 2, 'protocol version mismatch -- is your shell clean?'],
  ['ToolFailed', 99, ''],
];

const about = { host: 'alpha', sourcePath: '/srv/wiki', targetHost: 'beta', address: '192.0.2.7:2222' };

describe('classifyEnding', () => {
  it.each(ENDINGS)('gives %s for exit code %i and %j', (type, exitCode, stderr) => {
    expect(classifyEnding({ exitCode, stderr, ...about }).type).toBe(type);
  });

  it('says where the cause lies, what the tool said, and what to do', () => {
    const full = classifyEnding({
      exitCode: 11,
      stderr: ENDINGS.find(([type]) => type === 'TargetFull')?.[2] ?? '',
      ...about,
    });
    expect(full.details).toMatchObject({
      host: 'beta',
      toolMessage: 'rsync: [receiver] write failed on "/mnt/big": No space left on device (28)',
      hint: expect.stringContaining('make room') as string,
    });
    const unreadable = classifyEnding({ exitCode: 23, stderr: 'rsync: [sender] x', ...about });
    expect(unreadable.details).toMatchObject({ host: 'alpha', volume: '/srv/wiki' });
  });

  it('is not misled by the name of a file', () => {
    const stderr =
      'rsync: [sender] send_files failed to open "/srv/Host key verification failed": Permission denied (13)\nrsync: [sender] send_files failed to open "/srv/x: No space left on device (28)": Permission denied (13)';
    expect(classifyEnding({ exitCode: 23, stderr, ...about }).type).toBe('ToolFailed');
  });
});

describe('messages', () => {
  it('are shortened to the telling lines', () => {
    const line = (i: number) =>
      `rsync: [sender] send_files failed to open "/srv/${i}": Permission denied (13)`;
    const lines = Array.from({ length: 40 }, (_, index) => line(index));
    const short = shortenMessages(
      [...lines, line(0), 'rsync error: some files … (code 23)', 'x'.repeat(900)].join('\n'),
    );
    expect(short.split('\n')).toHaveLength(13);
    expect(short).toMatch(/and 29 more lines$/);
    expect(short).not.toContain('rsync error');
  });

  it('keep the summing line where there is no other', () => {
    expect(shortenMessages('rsync error: unexplained error (code 255)\n')).toBe(
      'rsync error: unexplained error (code 255)',
    );
  });

  it('tell how many deletions were stopped and how many files vanished', () => {
    expect(parseSkippedDeletions('Deletions stopped due to --max-delete limit (7 skipped)\n')).toBe(7);
    expect(parseSkippedDeletions('')).toBeUndefined();
    const vanished =
      'file has vanished: "/srv/a"\nfile has vanished: "/srv/b"\nrsync warning: some files vanished';
    expect(countVanished(vanished)).toBe(2);
  });
});

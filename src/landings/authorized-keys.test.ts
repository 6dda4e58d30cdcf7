import { errorOfType } from '../../test/support/expect-type';
import fc from 'fast-check';
import {
  formatExpiry,
  makeAuthorizedKeyLine,
  quoteForShell,
  replaceLines,
  validatePublicKey,
} from './authorized-keys';
import type { LandingRequest } from './contract';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILjssMdbk1tlv6o39eIc9K/Cw8L1zMlQGeR91tksGA6f';
const request: LandingRequest = {
  id: 'wiki/beta',
  publicKey: KEY,
  command: ['rsync', '--server', '.', '/srv/wiki'],
  attempt: 'receive:wiki:beta',
  expiresAt: '2026-11-21T08:02:10.123Z',
};

/** How sshd reads a line: options up to the first space outside quotes, `\"` for a quote in them. */
function readCommand(line: string): { command: string; rest: string } {
  let end = 0;
  for (let quoted = false; quoted || line[end] !== ' '; end++) {
    if (line[end] === '\\' && line[end + 1] === '"') end++;
    else if (line[end] === '"') quoted = !quoted;
  }
  const start = line.indexOf('command="') + 'command="'.length;
  let command = '';
  for (let i = start; line[i] !== '"'; i++) {
    if (line[i] === '\\' && line[i + 1] === '"') i++;
    command += line[i];
  }
  return { command, rest: line.slice(end + 1) };
}

/** How a POSIX shell splits a command that uses single quotes and backslashes alone. */
function splitAsShell(command: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < command.length; i++) {
    if (command[i] === "'") {
      const end = command.indexOf("'", i + 1);
      word = (word ?? '') + command.slice(i + 1, end);
      i = end;
    } else if (command[i] === ' ') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      if (command[i] === '\\') i++;
      word = (word ?? '') + command[i];
    }
  }
  return word === undefined ? words : [...words, word];
}

describe('a line of authorized_keys', () => {
  it('lets one key run one command and nothing else, until it expires', () => {
    expect(makeAuthorizedKeyLine(request)).toBe(
      `restrict,expiry-time="20261121080210",command="'env' 'TIDEMARK_ATTEMPT=receive:wiki:beta' 'rsync' '--server' '.' '/srv/wiki'" ${KEY} tidemark:wiki/beta`,
    );
  });

  it('carries any argument without a line break through sshd and the shell unharmed', () => {
    const argument = fc
      .string({
        unit: fc.constantFrom("'", '"', '\\', '$', '`', ' ', '\t', '!', '*', '#', '~', 'a', 'é', ';'),
      })
      .filter((text) => !/[\n\r\0]/.test(text));
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1 }), (command) => {
        const read = readCommand(makeAuthorizedKeyLine({ ...request, command }));
        expect(splitAsShell(read.command)).toEqual(['env', 'TIDEMARK_ATTEMPT=receive:wiki:beta', ...command]);
        expect(read.rest).toBe(`${KEY} tidemark:wiki/beta`);
      }),
    );
  });

  it('is one line, whatever the id', () => {
    expect(makeAuthorizedKeyLine({ ...request, id: 'a b\nssh-ed25519 AAAA' })).not.toContain('\n');
  });

  it('refuses what no line can carry', () => {
    for (const bad of ['a\nb', 'a\rb', 'a\0b']) {
      expect(() => quoteForShell(['rsync', bad])).toThrow(errorOfType('InvalidSpec'));
    }
  });

  it('gives the expiry in UTC', () => {
    expect(formatExpiry('2026-11-21T23:30:00-02:00')).toBe('20261122013000');
  });
});

describe('validatePublicKey', () => {
  it('takes one ed25519 key and drops its comment', () => {
    expect(validatePublicKey(`${KEY} me@here\n`)).toBe(KEY);
  });

  it.each([
    ['another kind of key', 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ=='],
    ['options before the key', `command="rm" ${KEY}`],
    ['two keys', `${KEY}\n${KEY}`],
    ['a carriage return', `${KEY} a\rb`],
    ['a key that is cut short', KEY.slice(0, -4)],
    ['a key of another kind inside', KEY.replace('AAAAC3NzaC1l', 'AAAAC3NzaC1m')],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(() => validatePublicKey(text)).toThrow(errorOfType('InvalidSpec'));
  });
});

describe("lines among other people's", () => {
  const line = (id: string, owner = 'mine') => makeAuthorizedKeyLine({ ...request, id }, { owner });

  it('come and go without a trace, whatever bytes are around them', () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(bytes, (content) => {
        const during = replaceLines(content, 'mine', [line('a'), line('b')]);
        expect(during.toString().match(/ tidemark:mine:/g)).toHaveLength(2);
        expect(replaceLines(during, 'mine', []).equals(content)).toBe(true);
      }),
    );
  });

  it('leave those of other owners alone', () => {
    const others = Buffer.from(`${line('a', 'theirs')}\n`);
    expect(replaceLines(others, 'mine', [line('a')]).toString()).toBe(`${line('a')}\n${others.toString()}`);
    expect(replaceLines(others, 'mine', []).equals(others)).toBe(true);
  });

  it('say when they expire and what is looked for where, as that host wants it', () => {
    const text = makeAuthorizedKeyLine(request, { expiry: '20261121080210Z', path: '/bin:/sbin' });
    expect(text).toContain(
      `expiry-time="20261121080210Z",command="'env' 'TIDEMARK_ATTEMPT=receive:wiki:beta' 'PATH=/bin:/sbin' 'rsync'`,
    );
  });
});

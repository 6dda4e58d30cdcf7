/** Who may do what by HTTP: a file of tokens with names and roles, read again when it changes. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Logger } from 'pino';
import { type Role, ROLES } from '../../api/operation-view';
import { TidemarkError } from '../../model/errors';

export interface Access {
  /** Null: nobody had to say who they are. */
  name: string | null;
  roles: readonly Role[];
}

const TokenSchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(100)
      .regex(/^[\w.@-]+$/, 'must be letters, digits, dots, dashes or @'),
    token: z.string().min(16, 'must have 16 characters or more').optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
      .optional(),
    roles: z.array(z.enum(ROLES)).min(1),
  })
  .refine(({ token, sha256 }) => (token === undefined) !== (sha256 === undefined), 'give token or sha256');

const TokensSchema = z
  .strictObject({ tokens: z.array(TokenSchema) })
  .refine(
    ({ tokens }) => new Set(tokens.map(({ name }) => name)).size === tokens.length,
    'names must differ',
  );

interface Known extends Access {
  digest: Buffer;
}

const digestOf = (token: string) => createHash('sha256').update(token).digest();

/** Tokens are at least as good as passwords: nobody else may read them. */
function checkMode(path: string, mode: number): void {
  if ((mode & 0o077) === 0) return;
  throw new TidemarkError('AuthRejected', `others may read the file of tokens ${path}`, {
    hint: `chmod 600 ${path}`,
  });
}

/** @throws TidemarkError `InvalidSpec` with everything that is wrong in it, never with what it holds */
export function parseTokens(text: string, path: string): Known[] {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    const line = (error as { linePos?: { line: number }[] }).linePos?.[0]?.line;
    throw new TidemarkError('InvalidSpec', `${path}${line === undefined ? '' : `:${line}`} is no YAML`);
  }
  const { data, error } = TokensSchema.safeParse(value);
  if (!data) {
    const problems = error.issues.map((issue) => `${path}: ${issue.path.join('.')}: ${issue.message}`);
    throw new TidemarkError('InvalidSpec', problems.join('\n'), {
      hint: 'tokens: [{ name: ci, sha256: …, roles: [read, operate] }]',
    });
  }
  const known = data.tokens.map(({ name, token, sha256, roles }) => ({
    ...{ name, roles: [...new Set<Role>(['read', ...roles])] },
    digest: token === undefined ? Buffer.from(sha256 ?? '', 'hex') : digestOf(token),
  }));
  if (new Set(known.map(({ digest }) => digest.toString('hex'))).size < known.length)
    throw new TidemarkError('InvalidSpec', `${path}: two names have the same token`);
  return known;
}

/** Looked at again after so long. */
const FRESH_MS = 2000;

export class Tokens {
  private readonly single: readonly Known[];
  private known: Known[] = [];
  private version = '';
  private lookedAtMs = 0;
  private trouble = '';

  /**
   * @param single the token of everybody who has no name; may only read
   * @throws TidemarkError where the file is not right
   */
  constructor(
    single: string | undefined,
    private readonly path: string | undefined,
    private readonly log?: Pick<Logger, 'warn'>,
  ) {
    this.single = single === undefined ? [] : [{ name: 'token', roles: ['read'], digest: digestOf(single) }];
    this.read();
  }

  private read(): void {
    this.lookedAtMs = Date.now();
    if (this.path === undefined) return;
    try {
      const { mtimeMs, ino, size, mode } = statSync(this.path);
      const version = [mtimeMs, ino, size, mode].join();
      if (version === this.version) return;
      checkMode(this.path, mode);
      this.known = parseTokens(readFileSync(this.path, 'utf8'), this.path);
      this.version = version;
    } catch (error) {
      if (error instanceof TidemarkError) throw error;
      const toolMessage = error instanceof Error ? error.message : String(error);
      throw new TidemarkError('AuthRejected', `the file of tokens ${this.path} can not be read`, {
        toolMessage,
      });
    }
  }

  /** A file that is not right any more changes nothing: what held goes on. */
  private freshen(): void {
    if (Date.now() - this.lookedAtMs < FRESH_MS) return;
    try {
      this.read();
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      if (trouble !== this.trouble)
        this.log?.warn({ err: error }, 'the file of tokens is not taken: those of before still hold');
      this.trouble = trouble;
    }
  }

  /** None is known: nobody can be asked for one. */
  get isEmpty(): boolean {
    return this.single.length === 0 && this.path === undefined;
  }

  /** Undefined: it is nobody's. Takes as long for every token. */
  find(token: string): Access | undefined {
    this.freshen();
    const digest = digestOf(token);
    // No way out before the last.
    const found = [...this.single, ...this.known].filter((each) => timingSafeEqual(each.digest, digest));
    return found[0] && { name: found[0].name, roles: found[0].roles };
  }
}

/** The page: files that hold no data, and ask for it with the token of whoever looks. */
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** What the build makes of `src/web`. */
export const PAGE_FOLDER = join(__dirname, '..', '..', '..', 'dist', 'web');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing runs or is fetched but what is served here; text never becomes markup. */
const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  vary: 'accept-encoding',
};

/** Its name says what is in it. */
const FOR_EVER = 'public, max-age=31536000, immutable';
/** It names the others: asked for each time. */
const EACH_TIME = 'no-cache';

interface File {
  type: string;
  plain: Buffer;
  zipped: Buffer;
}

async function readPageFile(path: string): Promise<File> {
  const plain = await readFile(path);
  return {
    type: TYPES[extname(path)] ?? 'application/octet-stream',
    plain,
    zipped: await promisify(gzip)(plain, { level: 9 }),
  };
}

function send(request: FastifyRequest, reply: FastifyReply, { type, plain, zipped }: File) {
  const isZipped = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (isZipped) void reply.header('content-encoding', 'gzip');
  return reply.type(type).send(isZipped ? zipped : plain);
}

/**
 * `/` and `/assets/…`, of the files that are in the folder now: nothing else of it can be asked for.
 * Without them there is no page, and everything else works.
 */
export async function readPage(folder: string): Promise<FastifyPluginCallback | undefined> {
  const names = await readdir(join(folder, 'assets')).catch(() => undefined);
  if (!names) return undefined;
  const page = await readPageFile(join(folder, 'index.html'));
  const assets = await Promise.all(
    names.map(async (name) => [name, await readPageFile(join(folder, 'assets', name))] as const),
  );
  return (app, _options, done) => {
    const add = (url: string, file: File, cached: string) =>
      app.get(url, { schema: { hide: true } }, (request, reply) =>
        send(request, reply.headers({ ...HEADERS, 'cache-control': cached }), file),
      );
    add('/', page, EACH_TIME);
    for (const [name, file] of assets) add(`/assets/${name}`, file, FOR_EVER);
    done();
  };
}

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { ROOT } from './paths.mjs';

/** With a separator at the end: what is below begins with it. */
export const PAGE_SOURCES = join(ROOT, 'src', 'web') + sep;
export const PAGE_OUTPUT = join(ROOT, 'dist', 'web') + sep;

/**
 * Bundles the page for browsers: one script, one style sheet and an icon, named by what is in them, so that a browser may keep
 * them for ever; and the document that names them.
 */
export async function buildPage() {
  // Only here: the set-up itself runs with nothing installed.
  const { build } = await import('esbuild');
  rmSync(PAGE_OUTPUT, { recursive: true, force: true });
  mkdirSync(PAGE_OUTPUT, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { page: join(PAGE_SOURCES, 'main.tsx'), icon: join(PAGE_SOURCES, 'icon.svg') },
    outdir: PAGE_OUTPUT,
    entryNames: 'assets/[name]-[hash]',
    bundle: true,
    minify: true,
    metafile: true,
    format: 'esm',
    target: ['chrome123', 'firefox121', 'safari17.5'],
    loader: { '.svg': 'copy' },
    logLevel: 'error',
  });
  const names = Object.keys(metafile.outputs).map((path) => basename(path));
  const documentText = readFileSync(join(PAGE_SOURCES, 'index.html'), 'utf8');
  const named = documentText.replaceAll(/%(\w+\.\w+)%/g, (_all, wanted) => {
    const [stem, end] = wanted.split('.');
    const found = names.find((name) => name.startsWith(`${stem}-`) && name.endsWith(`.${end}`));
    if (!found) throw new Error(`the page has no ${wanted}`);
    return `/assets/${found}`;
  });
  writeFileSync(join(PAGE_OUTPUT, 'index.html'), named);
}

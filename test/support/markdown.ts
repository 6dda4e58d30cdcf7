/** Reads the project's own Markdown: what tests need to know of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

export const ROOT = resolve(__dirname, '../..');
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git', '.cache']);

export interface Block {
  /** Language after the fence: `sh`, `console`, `yaml`. */
  language: string;
  text: string;
  /** Line of its fence, from 1. */
  line: number;
}

export interface Page {
  /** Path from the project's root. */
  path: string;
  /** Texts of headings, with their level. */
  headings: { level: number; text: string; anchor: string }[];
  /** Targets of links, without images' alt texts. */
  links: { target: string; line: number }[];
  /** Contents of `inline code`, also inside tables and links. */
  code: { text: string; line: number }[];
  blocks: Block[];
}

/** As GitHub makes anchors of headings. `count` is how many of this name came before. */
function makeAnchor(heading: string, count: number): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '');
  const slug = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');
  return count === 0 ? slug : `${slug}-${count}`;
}

export function parsePage(path: string, text: string): Page {
  const page: Page = { path, headings: [], links: [], code: [], blocks: [] };
  const seen = new Map<string, number>();
  let open: (Block & { lines: string[] }) | undefined;
  for (const [index, content] of text.split('\n').entries()) {
    const line = index + 1;
    const fence = /^```(\w*)\s*$/.exec(content);
    if (open) {
      if (fence?.[1] === '') {
        page.blocks.push({ language: open.language, line: open.line, text: open.lines.join('\n') });
        open = undefined;
      } else open.lines.push(content);
      continue;
    }
    if (fence) {
      open = { language: fence[1] ?? '', line, text: '', lines: [] };
      continue;
    }
    const heading = /^(#{1,6}) (.+)$/.exec(content);
    if (heading?.[1] && heading[2]) {
      const anchor = makeAnchor(heading[2], 0);
      const count = seen.get(anchor) ?? 0;
      seen.set(anchor, count + 1);
      page.headings.push({
        level: heading[1].length,
        text: heading[2],
        anchor: makeAnchor(heading[2], count),
      });
    }
    for (const [, code] of content.matchAll(/`([^`]+)`/g)) if (code) page.code.push({ text: code, line });
    const withoutCode = content.replaceAll(/`[^`]+`/g, '');
    for (const [, target] of withoutCode.matchAll(/\]\(([^)\s]+)\)/g))
      if (target) page.links.push({ target, line });
  }
  if (open) throw new Error(`${path}:${open.line}: a block that does not end`);
  return page;
}

function listPages(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : listPages(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** Every Markdown file of the project, sorted by path. */
export function readPages(): Page[] {
  return listPages(ROOT)
    .sort()
    .map((path) => parsePage(relative(ROOT, path), readFileSync(path, 'utf8')));
}

export interface Step {
  command: string;
  /** What is shown after it. */
  output: string[];
}

/** The commands of a `console` block (`$ …`, with what each prints), or of an `sh` block as one. */
export function readSteps({ language, text }: Block): Step[] {
  if (language === 'sh') return [{ command: text, output: [] }];
  const steps: Step[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: [] });
    else steps.at(-1)?.output.push(line);
  }
  return steps;
}

/** Links of the documentation lead somewhere, and the paths that it names are there. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parsePage, readPages, ROOT } from '../support/markdown';

const pages = readPages();

describe('the documentation', () => {
  it('is read as it is meant', () => {
    const page = parsePage(
      'x.md',
      '# A `b` & [c](d.md#e)\n## A b  c\n```sh\nls # no heading\n```\n[`x`](y.md) `[no](link)`',
    );
    expect(page.headings.map(({ anchor }) => anchor)).toEqual(['a-b--c', 'a-b--c-1']);
    expect(page.links.map(({ target }) => target)).toEqual(['d.md#e', 'y.md']);
    expect(page.blocks).toEqual([{ language: 'sh', text: 'ls # no heading', line: 3 }]);
    expect(page.code.map(({ text }) => text)).toEqual(['b', 'x', '[no](link)']);
  });

  it.each(pages.map((page) => [page.path, page] as const))(
    'leads by each link of %s to a file and a heading that are there',
    (path, { links }) => {
      const broken = links
        .filter(({ target }) => !/^[a-z]+:/.test(target))
        .filter(({ target }) => {
          const [file = '', anchor] = target.split('#');
          const found = file === '' ? path : normalize(join(dirname(path), file));
          if (!existsSync(join(ROOT, found))) return true;
          if (anchor === undefined) return false;
          const page = pages.find((each) => each.path === found);
          return !page?.headings.some((heading) => heading.anchor === anchor);
        });
      expect(broken.map(({ target, line }) => `${path}:${line}: ${target}`)).toEqual([]);
    },
  );

  it('names files and folders of the project that are there', () => {
    const missing = pages.flatMap(({ path, code }) =>
      code
        .filter(({ text }) => /^(src|test|docs|deploy|scripts|bin|\.ci)(\/[\w.@-]+)*\/?$/.test(text))
        .filter(({ text }) => !existsSync(join(ROOT, text)))
        .map(({ text, line }) => `${path}:${line}: ${text}`),
    );
    expect(missing).toEqual([]);
  });

  it('has every page in its index', () => {
    const index = pages.find(({ path }) => path === 'docs/README.md');
    const linked = index?.links.map(({ target }) => normalize(join('docs', target.split('#')[0] ?? '')));
    const others = pages.map(({ path }) => path).filter((path) => path !== 'docs/README.md');
    expect(others.filter((path) => !linked?.includes(path))).toEqual([]);
  });
});

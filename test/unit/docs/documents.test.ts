import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../..');
const PAGES = globSync('{*.md,{.github,bench,cli,deploy,docs,sandbox,test}/**/*.md}', {
  cwd: ROOT,
});

/** The text outside of code. */
function prose(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
    .replaceAll(/^```.*?^```/gms, '')
    .replaceAll(/`[^`\n]*`/g, (code) => '`'.repeat(code.length));
}

/** The anchors that GitHub gives to a page's headings. */
function anchors(page: string): Set<string> {
  const text = readFileSync(join(ROOT, page), 'utf8').replaceAll(/^```.*?^```/gms, '');
  const given = new Map<string, number>();
  return new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => {
      const slug = title
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-');
      const times = given.get(slug) ?? 0;
      given.set(slug, times + 1);
      return times === 0 ? slug : `${slug}-${times}`;
    }),
  );
}

/** Where a page's links lead within the repository: `[path, anchor]`. */
function links(page: string): (readonly [path: string, anchor: string | undefined])[] {
  const targets = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      return [path === '' ? page : relative(ROOT, resolve(ROOT, dirname(page), path)), anchor];
    });
}

describe('the links of', () => {
  test.each(PAGES)('%s lead to a file and to a heading of it', (page) => {
    const broken = links(page).filter(([path, anchor]) => {
      // Above the repository's files GitHub has its own pages, such as /security.
      if (path.startsWith('../')) return false;
      if (!existsSync(join(ROOT, path))) return true;
      if (anchor === undefined) return false;
      const isPage = statSync(join(ROOT, path)).isFile() && path.endsWith('.md');
      return !isPage || !anchors(path).has(anchor);
    });
    expect(broken).toEqual([]);
  });
});

/** A file or folder of the repository that is named in code marks, up to a part that stands for many. */
function namedPaths(page: string): string[] {
  const folders = globSync('*/', { cwd: ROOT, exclude: ['node_modules/'] }).map((name) =>
    name.replace(/\/$/, ''),
  );
  const path = new RegExp(`^(?:${folders.join('|')})/[\\w./-]*$`);
  return [...readFileSync(join(ROOT, page), 'utf8').matchAll(/`([^`\n]+)`/g)]
    .map(([, code = '']) => code)
    .filter((code) => path.test(code));
}

describe('the files and folders that are named by', () => {
  test.each(PAGES)('%s are there', (page) => {
    expect(namedPaths(page).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('the contributing guide are found', () => {
    expect(namedPaths('CONTRIBUTING.md')).toContain('test/schedules/');
  });
});

test('the pages are found', () => {
  expect(PAGES).toEqual(expect.arrayContaining(['README.md', 'docs/design.md']));
});

test('every page of docs is in the index, or in that of the decisions', () => {
  const linked = [...links('docs/README.md'), ...links('docs/decisions/README.md')];
  const paths = new Set(linked.map(([path]) => path));
  const pages = PAGES.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md');
  expect(pages.filter((page) => !paths.has(page))).toEqual([]);
});

describe('the decision records', () => {
  const folder = join(ROOT, 'docs/decisions');
  const index = readFileSync(join(folder, 'README.md'), 'utf8');
  const records = globSync('0*.md', { cwd: folder }).toSorted();

  test('are numbered without a gap, and in the index', () => {
    const titles = records.map((file, at) => {
      const [title = ''] = readFileSync(join(folder, file), 'utf8').split('\n');
      expect(file).toMatch(new RegExp(`^${String(at + 1).padStart(4, '0')}-`));
      expect(title).toMatch(new RegExp(`^# ${at + 1}\\. `));
      return `| ${at + 1} | [${title.replace(/^# \d+\. /, '')}](${file}) |`;
    });
    expect(index.match(/^\| \d.*$/gm)).toEqual(titles);
  });

  test.each(records)('%s has context, decision and consequences on one screen', (file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const parts = [...text.matchAll(/^\*\*(\w+)\.\*\*/gm)].map(([, part]) => part);
    expect(parts).toEqual(['Context', 'Decision', 'Consequences']);
    expect(text.split('\n').length).toBeLessThanOrEqual(35);
  });
});

test('the glossary has each word once, in order', () => {
  const text = readFileSync(join(ROOT, 'docs/glossary.md'), 'utf8');
  const parts = text.split(/^## /m).slice(1);
  const words = parts.map((part) =>
    [...part.matchAll(/^\| ([^|]+?) \|/gm)].slice(1).map(([, word = '']) => word),
  );
  expect(words.flat().length).toBeGreaterThan(60);
  expect(new Set(words.flat()).size).toBe(words.flat().length);
  for (const part of words) {
    expect(part).toEqual(part.toSorted((a, b) => a.localeCompare(b, 'en')));
  }
});

import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { isThere, pages, proseOf, readPage } from '../support/pages.js';

interface Link {
  readonly target: string;
  /** Of the target; '' for the page as a whole. */
  readonly anchor: string;
}

const INDEX = 'docs/README.md';
const README_LIMIT = 8 * 1024;
/** Folders whose files the documents name in backticks. */
const OURS = /`((?:src|test|rig|migrations|examples|docs|\.ci)\/[\w./-]*\w)`/g;

/** The relative links of a page, as paths from the project's folder. */
function linksOf(page: string): Link[] {
  const targets = [...proseOf(page).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path, anchor = ''] = target.split('#');
      return { target: path === '' ? page : posix.join(posix.dirname(page), path!), anchor };
    });
}

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, title] of proseOf(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The pages that can be reached from one by links. */
function reachableFrom(start: string): Set<string> {
  const reached = new Set([start]);
  for (const page of reached) {
    if (!page.endsWith('.md') || !isThere(page)) continue;
    for (const { target } of linksOf(page)) reached.add(target);
  }
  return reached;
}

describe('The documents', () => {
  it(`have a README of at most ${README_LIMIT} bytes`, () => {
    const { length } = Buffer.from(readPage('README.md'));
    assert.ok(length <= README_LIMIT, `README.md has ${length} bytes`);
  });

  for (const page of pages()) {
    it(`${page}: its links lead to files and headings that exist`, () => {
      const broken = linksOf(page).filter(({ target, anchor }) => {
        if (!isThere(target)) return true;
        return anchor !== '' && !(target.endsWith('.md') && anchorsOf(target).has(anchor));
      });
      assert.deepEqual(broken, []);
    });
  }

  it('name files of the project that exist', () => {
    const missing = pages()
      .filter((page) => page !== 'CHANGELOG.md')
      .flatMap((page) =>
        [...proseOf(page).matchAll(OURS)].filter((match) => !isThere(match[1]!)).map((match) => `${page}: ${match[1]}`),
      );
    assert.deepEqual(missing, []);
  });

  it('can all be reached: pages of docs from their index itself, examples from theirs', () => {
    const direct = new Set(linksOf(INDEX).map(({ target }) => target));
    const orphans = pages().filter((page) => page.startsWith('docs/') && page !== INDEX && !direct.has(page));
    assert.deepEqual(orphans, []);
    const reached = reachableFrom('README.md');
    const apart = pages().filter((page) => !page.startsWith('src/') && !reached.has(page));
    assert.deepEqual(apart, []);
  });
});

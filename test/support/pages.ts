import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A fenced code block of a page. */
export interface Block {
  /** Path from the project's folder. */
  readonly page: string;
  /** Line of its first fence, from 1. */
  readonly line: number;
  /** What stands behind the opening fence; '' if nothing does. */
  readonly language: string;
  readonly text: string;
  /** The name in a comment `<!-- name -->` on the line before. */
  readonly name: string | undefined;
}

/** Pages at the top, and folders of which every page counts. */
const TOP = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];
const FOLDERS = ['docs', 'examples', 'src'];

/** Every page of the project, by its path from the project's folder. */
export function pages(): string[] {
  const below = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
  );
  return [...TOP, ...below.filter((path) => path.endsWith('.md')).sort()];
}

/** The text of a page. */
export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** True if the file or folder is in the project. */
export function isThere(path: string): boolean {
  return existsSync(join(ROOT, path));
}

/** The fenced code blocks of a page, in order. Throws if one is not closed. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  const lines = readPage(page).split('\n');
  for (let index = 0; index < lines.length; index++) {
    const fence = /^\s*```(.*)$/.exec(lines[index]!);
    if (!fence) continue;
    const end = lines.findIndex((line, at) => at > index && /^\s*```\s*$/.test(line));
    if (end < 0) throw new Error(`${page}:${index + 1}: the code block is not closed`);
    blocks.push({
      page,
      line: index + 1,
      language: fence[1]!.trim(),
      text: `${lines.slice(index + 1, end).join('\n')}\n`,
      name: /^<!-- (.+) -->$/.exec(lines[index - 1] ?? '')?.[1],
    });
    index = end;
  }
  return blocks;
}

/** The blocks of all pages, or those of one language. */
export function allBlocks(language?: string): Block[] {
  return pages()
    .flatMap(blocksOf)
    .filter((block) => language === undefined || block.language === language);
}

/** A block's place as an editor understands it, for titles of tests. */
export function placeOf({ page, line }: Block): string {
  return `${page}:${line}`;
}

/** The text of the block after `<!-- name -->` on a page. Throws if there is none. */
export function example(page: string, name: string): string {
  const block = blocksOf(page).find((one) => one.name === name);
  if (!block) throw new Error(`${page} has no example "${name}"`);
  return block.text;
}

/** The prose of a page: without code blocks, and without HTML comments. */
export function proseOf(page: string): string {
  return readPage(page)
    .replace(/^\s*```[\s\S]*?^\s*```\s*$/gm, '')
    .replace(/<!--[\s\S]*?-->/g, '');
}

import { visible } from '../../base/text.js';
import type { TableColumn } from './table.js';

/** The parts of a page around its tables. */
export interface HtmlFrame {
  readonly title: string;
  /** Lines below the title. */
  readonly about: readonly string[];
  /** Lines; those that start with `warning:` or `error:` stand out. */
  readonly notes: readonly string[];
}

const STYLE = `body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; color: #111; background: #fff }
h1 { font-size: 1.4em } caption { text-align: left; font-weight: bold; padding: .6em 0 }
table { border-collapse: collapse; margin-top: 1em } th, td { text-align: left; padding: .25em .8em; border-bottom: 1px solid #bbb }
th { background: #eee } td { font-family: ui-monospace, monospace } li { margin: .2em 0 }
.warning { font-weight: bold; color: #a00000 }`;

/**
 * A page that loads nothing and runs nothing. Foreign text, such as hostnames, is only ever shown as text.
 */
export function* renderHtml(frame: HtmlFrame, tables: readonly Iterable<string>[]): Generator<string> {
  yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n';
  yield `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">\n`;
  yield `<title>${text(frame.title)}</title>\n<style>\n${STYLE}\n</style>\n</head>\n<body>\n<h1>${text(frame.title)}</h1>\n`;
  for (const line of frame.about) yield `<p>${text(line)}</p>\n`;
  if (frame.notes.length > 0) yield '<ul>\n';
  for (const note of frame.notes)
    yield `<li${/^(warning|error):/.test(note) ? ' class="warning"' : ''}>${text(note)}</li>\n`;
  if (frame.notes.length > 0) yield '</ul>\n';
  for (const table of tables) yield* table;
  yield '</body>\n</html>\n';
}

/** A table of a page; nothing if there are no rows. */
export function* htmlTable<Row>(
  caption: string,
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
): Generator<string> {
  if (rows.length === 0) return;
  const mattering = columns.filter((column) => column.matters?.(rows) ?? true);
  yield `<table>\n<caption>${text(caption)}</caption>\n`;
  yield `<thead><tr>${mattering.map(({ title }) => `<th scope="col">${text(title)}</th>`).join('')}</tr></thead>\n<tbody>\n`;
  for (const row of rows)
    yield `<tr>${mattering.map(({ cell }) => `<td>${text(cell(row) ?? '-')}</td>`).join('')}</tr>\n`;
  yield '</tbody>\n</table>\n';
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function text(value: string): string {
  return visible(value).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

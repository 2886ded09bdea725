import assert from 'node:assert/strict';
import fc from 'fast-check';
import { visible } from '../../../src/base/text.js';
import { htmlTable, renderHtml } from '../../../src/report/render/html.js';
import type { TableColumn } from '../../../src/report/render/table.js';

interface Row {
  readonly name: string | null;
}

const COLUMNS: TableColumn<Row>[] = [
  { title: 'NAME', cell: (row) => row.name },
  { title: 'NEVER', cell: () => 'x', matters: () => false },
];

const page = (rows: Row[], notes: string[] = [], title = 'T'): string =>
  [...renderHtml({ title, about: ['now'], notes }, [htmlTable('Found', rows, COLUMNS)])].join('');

/** Text as a browser shows it. */
function shown(html: string): string {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return html.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name]!);
}

describe('A report as a page', () => {
  it('shows any text as text: no value opens a tag, closes one or is lost', () => {
    const empty = page([{ name: '' }], ['']).match(/</g)!.length;
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('</td><script>alert(1)</script>'));
    fc.assert(
      fc.property(anything, (value) => {
        const html = page([{ name: value }], [value], value);
        assert.equal(html.match(/</g)!.length, empty);
        const cells = [...html.matchAll(/<(td|li|h1|title)[^>]*>([^<]*)</g)].map(([, , text]) => shown(text!));
        assert.deepEqual(cells, [value, value, value, value].map(visible));
      }),
    );
  });

  it('loads nothing and runs nothing', () => {
    const html = page([{ name: 'a' }], ['warning: x']);
    assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
    assert.doesNotMatch(html, /<(script|link|img|iframe)|\b(src|href|on\w+)=/);
  });

  it('tells warnings from notes, leaves out columns that do not matter and tables without rows', () => {
    const html = page([{ name: null }], ['warning: no evidence', 'note: later']);
    assert.match(html, /<li class="warning">warning: no evidence<\/li>\n<li>note: later<\/li>/);
    assert.match(html, /<tr><th scope="col">NAME<\/th><\/tr>/);
    assert.match(html, /<td>-<\/td>/);
    assert.doesNotMatch(page([]), /<table|<ul/);
  });
});

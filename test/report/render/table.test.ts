import assert from 'node:assert/strict';
import { escapeBytes, toText } from '../../../src/base/text.js';
import type { HistoryRow } from '../../../src/report/ask/answer.js';
import { gapColumns, historyColumns } from '../../../src/report/render/columns.js';
import { columnsLeftOut, renderTable, type TableColumn } from '../../../src/report/render/table.js';
import { at, HOSTILE, row } from '../samples.js';

function draw<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[], width: number): string {
  return renderTable(rows, columns, { width }).text;
}

const table = (rows: HistoryRow[], width = 160, zone = 'UTC') => draw(rows, historyColumns('port', zone), width);

describe('table', () => {
  it('is aligned, names the zone once, and shows what is open as open', () => {
    const open = row({ ip: '198.18.16.12', firstSeen: at('2026-11-20T14:40:00Z'), endedAt: null, endReason: null });
    assert.equal(
      table([row(), open]),
      [
        'IP            MAC                HOSTNAME   FIRST SEEN (UTC)     LAST SEEN            ENDED',
        '198.18.16.1   02:00:00:00:00:01  lab-pc-01  2026-11-20 14:03:07  2026-11-20 14:33:07  2026-11-20 14:40:00 moved',
        '198.18.16.12  02:00:00:00:00:01  lab-pc-01  2026-11-20 14:40:00  2026-11-20 14:33:07  open until 2026-11-20 15:33:07',
        '',
      ].join('\n'),
    );
  });

  it('shows times in the zone asked for', () => {
    const lines = table([row()], 160, 'Asia/Tokyo').split('\n');
    assert.match(lines[0]!, /FIRST SEEN \(Asia\/Tokyo\)/);
    assert.match(lines[1]!, /2026-11-20 23:03:07/);
  });

  it('shows evidence, server, circuit-id and client-id only where they tell rows apart', () => {
    const header = (rows: HistoryRow[]) => table(rows, 400).split('\n')[0]!;
    for (const title of ['EVIDENCE', 'SERVER', 'CIRCUIT ID', 'CLIENT ID'])
      assert.ok(!header([row(), row()]).includes(title), title);
    assert.match(header([row({ evidence: 'carried' })]), /EVIDENCE/);
    assert.match(header([row(), row({ server: 'dhcp-b' })]), /SERVER/);
    assert.match(header([row(), row({ circuitId: null })]), /CIRCUIT ID/);
    assert.match(header([row(), row({ clientId: Buffer.from([1]) })]), /CLIENT ID/);
    assert.match(header([row({ mac: null, clientId: Buffer.from([1]) })]), /CLIENT ID/);
  });

  it('leaves out repeated dates and then columns until it fits', () => {
    const wide = [row({ evidence: 'carried' }), row({ server: 'dhcp-b', endedAt: null })];
    for (const width of [160, 130, 110, 90, 80]) {
      for (const line of table(wide, width).split('\n')) assert.ok(line.length <= width, `${line.length} > ${width}`);
    }
    assert.equal(
      table(wide, 80),
      [
        'IP          MAC               FIRST SEEN (UTC)    ENDED               EVIDENCE',
        '198.18.16.1 02:00:00:00:00:01 2026-11-20 14:03:07 14:40:00 moved      carried',
        '198.18.16.1 02:00:00:00:00:01 2026-11-20 14:03:07 open until 15:33:07 observed',
        '',
      ].join('\n'),
    );
  });

  it('names the columns that it leaves out', () => {
    const wide = [row({ evidence: 'carried' }), row({ server: 'dhcp-b', endedAt: null })];
    const { leftOut } = renderTable(wide, historyColumns('port', 'UTC'), { width: 80 });
    assert.deepEqual(leftOut, ['HOSTNAME', 'LAST SEEN', 'SERVER']);
    assert.deepEqual(
      columnsLeftOut(leftOut, { width: 80 }).map((note) => note.text),
      ['not shown in 80 characters: HOSTNAME, LAST SEEN, SERVER; --wide shows all columns'],
    );
    assert.deepEqual(renderTable(wide, historyColumns('port', 'UTC'), { width: 200 }).leftOut, []);
    assert.deepEqual(columnsLeftOut([], { width: 80 }), []);
  });

  it('becomes a block for each row, with nothing left out, where not even the columns that never leave fit', () => {
    const rows = [row(), row({ endedAt: null })];
    const { text, leftOut } = renderTable(rows, historyColumns('port', 'UTC'), { width: 40 });
    assert.deepEqual(leftOut, []);
    assert.equal(
      text,
      [
        'IP                198.18.16.1',
        'MAC               02:00:00:00:00:01',
        'HOSTNAME          lab-pc-01',
        'FIRST SEEN (UTC)  2026-11-20 14:03:07',
        'LAST SEEN         2026-11-20 14:33:07',
        'ENDED             2026-11-20 14:40:00 moved',
        '',
        'IP                198.18.16.1',
        'MAC               02:00:00:00:00:01',
        'HOSTNAME          lab-pc-01',
        'FIRST SEEN (UTC)  2026-11-20 14:03:07',
        'LAST SEEN         2026-11-20 14:33:07',
        'ENDED             open until 2026-11-20 15:33:07',
        '',
      ].join('\n'),
    );
  });

  it('aligns what is wider than one character, and cuts it to the width that shows', () => {
    const columns: TableColumn<string>[] = [
      { title: 'NAME', cell: (name) => name },
      { title: 'END', cell: () => '|' },
    ];
    assert.equal(
      draw(['東京', 'ab', '\u{1f44d}\u{1f3fb}'], columns, 160),
      ['NAME  END', '東京  |', 'ab    |', '\u{1f44d}\u{1f3fb}    |', ''].join('\n'),
    );
    const [, line] = draw(['東'.repeat(50)], columns, 160).split('\n');
    assert.equal(line, `${'東'.repeat(14)}...${'東'.repeat(5)}  |`);
  });

  it('styles the titles alone', () => {
    const { text } = renderTable([row()], historyColumns('port', 'UTC'), { width: 160, title: (line) => `<${line}>` });
    const [header, line] = text.split('\n');
    assert.match(header!, /^<IP .* ENDED>$/);
    assert.doesNotMatch(line!, /[<>]/);
  });

  it('cuts hostnames before a column leaves for them, to no less than 20 characters', () => {
    const hostile = [row({ hostname: 'x'.repeat(255) }), row({ server: 'dhcp-b', evidence: 'carried' })];
    const [header, line] = table(hostile, 130).split('\n');
    for (const title of ['HOSTNAME', 'LAST SEEN', 'EVIDENCE', 'SERVER']) assert.ok(header!.includes(title), header);
    assert.match(line!, / x+\.\.\.x+ /);
    for (const width of [100, 110, 120, 130, 140]) {
      const shown = /x+\.\.\.x+/.exec(table(hostile, width))?.[0];
      assert.ok(shown === undefined || shown.length >= 20, shown);
    }
  });

  it('shows all columns and whole cells where lines may have any length', () => {
    const wide = [row({ evidence: 'carried', hostname: 'x'.repeat(255) }), row({ server: 'dhcp-b', circuitId: null })];
    const [header] = table(wide, Number.POSITIVE_INFINITY).split('\n');
    for (const title of ['CIRCUIT ID', 'HOSTNAME', 'LAST SEEN', 'EVIDENCE', 'SERVER'])
      assert.ok(header!.includes(title));
    const detail = 'event 7 was rejected: '.repeat(9).trim();
    const gap = { server: 'a', kind: 'k', gapFrom: null, gapUntil: null, detail, queueUuid: 'u', sequence: 1 };
    assert.ok(draw([gap], gapColumns('UTC'), Number.POSITIVE_INFINITY).includes(detail));
    assert.ok(table(wide, Number.POSITIVE_INFINITY).includes('x'.repeat(255)));
    assert.ok(!draw([gap], gapColumns('UTC'), 100).includes(detail));
  });

  it('keeps the date of what ended on another day', () => {
    const [, line] = table([row({ endedAt: at('2026-11-21T00:00:00Z') })], 80).split('\n');
    assert.match(line!, / 2026-11-21 00:00:00 moved$/);
  });

  it('leaves out the middle of a long cell', () => {
    const circuitId = Buffer.alloc(200, 7);
    const [, line] = draw([row({ portName: toText(circuitId) })], historyColumns('ip', 'UTC'), 160).split('\n');
    assert.match(line!, /^sw-a {4}0x(07)+0?\.\.\.(07){5} {2}/);
  });

  it('lets no hostname or circuit-id add a line, a colour or a column', () => {
    for (const hostile of HOSTILE) {
      const bytes = Buffer.from(hostile, 'latin1');
      const out = table([row({ hostname: escapeBytes(bytes), portName: toText(bytes) })], 400);
      assert.match(out, /^[\x20-\x7e]+\n[\x20-\x7e]+\n$/);
    }
  });

  it('shows the nameless as -', () => {
    const [, line] = draw([row({ switchName: null, portName: null, mac: '' })], historyColumns('ip', 'UTC'), 160).split(
      '\n',
    );
    assert.match(line!, /^- +- +- /);
  });

  it('shows gaps with an unknown end', () => {
    const gap = { server: 'dhcp-a', kind: 'queue-mismatch', gapFrom: at('2026-11-20T14:03:07Z'), gapUntil: null };
    assert.equal(
      draw([{ ...gap, detail: null, queueUuid: 'x', sequence: 4 }], gapColumns('UTC'), 160),
      'SERVER  NO EVIDENCE FROM (UTC)  UNTIL      WHY\ndhcp-a  2026-11-20 14:03:07     not known  queue-mismatch\n',
    );
  });
});

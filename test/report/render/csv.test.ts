import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GAP_SHAPE, HISTORY_SHAPE, type HistoryRow } from '../../../src/report/ask/answer.js';
import { renderCsv } from '../../../src/report/render/csv.js';
import { HOSTILE, row, textOf } from '../samples.js';

const csv = (rows: HistoryRow[]) => textOf(renderCsv(rows, HISTORY_SHAPE));

describe('CSV', () => {
  it('has a header in snake_case and lines that end as RFC 4180 says', async () => {
    const [header, line, end] = (await csv([row()])).split('\r\n');
    assert.equal(
      header,
      'switch_name,port_name,remote_id,circuit_id,ip,mac,client_id,hostname,first_seen,last_seen,lease_until,ended_at,end_reason,evidence,server,events',
    );
    assert.equal(
      line,
      'sw-a,Gi1/0/1,0x73772d61,0x000400640103,198.18.16.1,02:00:00:00:00:01,,lab-pc-01,2026-11-20T14:03:07.000123Z,2026-11-20T14:33:07.000000Z,2026-11-20T15:33:07.000000Z,2026-11-20T14:40:00.000000Z,moved,observed,dhcp-a,2',
    );
    assert.equal(end, '');
  });

  const cell = async (value: string) =>
    (await textOf(renderCsv([{ a: value }], { a: 'text' }))).slice('a\r\n'.length, -'\r\n'.length);

  it('quotes what would break a line or a cell', async () => {
    assert.equal(await cell('a,b'), '"a,b"');
    assert.equal(await cell('say "x"'), '"say ""x"""');
    assert.equal(await cell('a\r\nb'), 'a\\x0d\\x0ab');
  });

  for (const start of ['=', '+', '-', '@', '\t', '\r', '\uff1d', '\uff20']) {
    it(`puts a ' before a cell that starts with ${JSON.stringify(start)}`, async () => {
      assert.equal((await cell(`${start}1`))[0], "'");
    });
  }

  it('gives a reader of RFC 4180 as many cells as columns and no formula, whatever the text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE)), async (name) => {
        const cells = parseCsv(await textOf(renderCsv([{ a: name, b: name }], { a: 'text', b: 'text' })));
        assert.equal(cells.length, 2);
        assert.equal(cells[1]!.length, 2);
        for (const value of cells[1]!) assert.doesNotMatch(value, /^[=+\-@\t\r]/);
      }),
    );
  });

  it('has the columns of the table gaps for gaps', async () => {
    assert.equal(
      await textOf(renderCsv([], GAP_SHAPE)),
      'server,kind,gap_from,gap_until,detail,queue_uuid,sequence\r\n',
    );
  });
});

/** A strict reader of RFC 4180: quoted cells may hold anything, others no quote, comma or line break. */
function parseCsv(input: string): string[][] {
  const lines: string[][] = [];
  let rest = input;
  while (rest !== '') {
    const cells: string[] = [];
    for (;;) {
      const match = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/.exec(rest);
      assert.ok(match, `not CSV: ${JSON.stringify(rest)}`);
      cells.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
      rest = rest.slice(match[0].length);
      if (match[3] === '\r\n') break;
    }
    lines.push(cells);
  }
  return lines;
}

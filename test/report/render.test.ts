import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import fc from 'fast-check';
import { escapeBytes, toText } from '../../src/base/bytes.js';
import { visible } from '../../src/base/visible.js';
import { GAP_SHAPE } from '../../src/report/ask/gaps.js';
import { HISTORY_SHAPE, type HistoryRow } from '../../src/report/ask/history.js';
import { nearest } from '../../src/report/ask/places.js';
import { CLIENT_SHAPE, summarize } from '../../src/report/ask/summary.js';
import { renderCsv } from '../../src/report/render/csv.js';
import { renderJson } from '../../src/report/render/json.js';
import { writeAll } from '../../src/report/render/output.js';
import { renderTable } from '../../src/report/render/table.js';
import { gapColumns, historyColumns } from '../../src/report/render/tables.js';

const at = (iso: string) => Date.parse(iso) * 1000;

function row(fields: Partial<HistoryRow> = {}): HistoryRow {
  return {
    switchName: 'sw-a',
    portName: 'Gi1/0/1',
    remoteId: Buffer.from('sw-a'),
    circuitId: Buffer.from('000400640103', 'hex'),
    ip: '198.18.16.1',
    mac: '02:00:00:00:00:01',
    clientId: null,
    hostname: 'lab-pc-01',
    firstSeen: at('2026-11-20T14:03:07Z') + 123,
    lastSeen: at('2026-11-20T14:33:07Z'),
    leaseUntil: at('2026-11-20T15:33:07Z'),
    endedAt: at('2026-11-20T14:40:00Z'),
    endReason: 'moved',
    evidence: 'observed',
    server: 'dhcp-a',
    events: 2,
    ...fields,
  };
}

const text = (pieces: Iterable<string>) => [...pieces].join('');
const json = (rows: HistoryRow[]) =>
  text(
    renderJson(
      rows.map((one) => ({ ...one })),
      HISTORY_SHAPE,
    ),
  );
const csv = (rows: HistoryRow[]) =>
  text(
    renderCsv(
      rows.map((one) => ({ ...one })),
      HISTORY_SHAPE,
    ),
  );
const table = (rows: HistoryRow[], width = 160, zone = 'UTC') => renderTable(rows, historyColumns('port', zone), width);

/** What a client or a broken relay may send, as hostname or circuit-id. */
const HOSTILE = [
  '\u001b[2J\u001b]0;owned\u0007',
  '=HYPERLINK("http://198.18.0.66","x")',
  "'; DROP TABLE events; --",
  'a"b,c\r\nd',
  'nul\0nul',
  '\u0080\u009b31m\u00ff',
  '+1+1',
  '-1',
  '@SUM(A1)',
  '\tx',
  '\\x1b[31m',
  'x'.repeat(255),
  '\r\u001b[A\u001b[Kfake line',
];

describe('JSON', () => {
  it('has the columns of port_history in camelCase, bytes in hex, times in UTC with Z, null for missing', () => {
    assert.deepEqual(JSON.parse(json([row({ endedAt: null, endReason: null, clientId: Buffer.from([1, 2]) })])), [
      {
        switchName: 'sw-a',
        portName: 'Gi1/0/1',
        remoteId: '0x73772d61',
        circuitId: '0x000400640103',
        ip: '198.18.16.1',
        mac: '02:00:00:00:00:01',
        clientId: '0x0102',
        hostname: 'lab-pc-01',
        firstSeen: '2026-11-20T14:03:07.000123Z',
        lastSeen: '2026-11-20T14:33:07.000000Z',
        leaseUntil: '2026-11-20T15:33:07.000000Z',
        endedAt: null,
        endReason: null,
        evidence: 'observed',
        server: 'dhcp-a',
        events: 2,
      },
    ]);
  });

  it('is an empty array without rows', () => assert.equal(json([]), '[]\n'));

  it('keeps any text exactly and shows nothing but printable ASCII', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }), (names) => {
        const out = json(names.map((name) => row({ switchName: name })));
        assert.match(out, /^[\x20-\x7e\n]*$/);
        const parsed = JSON.parse(out) as { switchName: string }[];
        assert.deepEqual(
          parsed.map((one) => one.switchName),
          names,
        );
      }),
    );
  });
});

describe('CSV', () => {
  it('has a header in snake_case and lines that end as RFC 4180 says', () => {
    const [header, line, end] = csv([row()]).split('\r\n');
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

  const cell = (value: string) => text(renderCsv([{ a: value }], { a: 'text' })).slice('a\r\n'.length, -'\r\n'.length);

  it('quotes what would break a line or a cell', () => {
    assert.equal(cell('a,b'), '"a,b"');
    assert.equal(cell('say "x"'), '"say ""x"""');
    assert.equal(cell('a\r\nb'), 'a\\x0d\\x0ab');
  });

  for (const start of ['=', '+', '-', '@', '\t', '\r', '\uff1d', '\uff20']) {
    it(`puts a ' before a cell that starts with ${JSON.stringify(start)}`, () => {
      assert.equal(cell(`${start}1`)[0], "'");
    });
  }

  it('gives a reader of RFC 4180 as many cells as columns and no formula, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE)), (name) => {
        const cells = parseCsv(text(renderCsv([{ a: name, b: name }], { a: 'text', b: 'text' })));
        assert.equal(cells.length, 2);
        assert.equal(cells[1]!.length, 2);
        for (const value of cells[1]!) assert.doesNotMatch(value, /^[=+\-@\t\r]/);
      }),
    );
  });
});

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

  it('shows all columns, and the detail of a gap whole, where lines may have any length', () => {
    const wide = [row({ evidence: 'carried', hostname: 'x'.repeat(255) }), row({ server: 'dhcp-b', circuitId: null })];
    const [header] = table(wide, Number.POSITIVE_INFINITY).split('\n');
    for (const title of ['CIRCUIT ID', 'HOSTNAME', 'LAST SEEN', 'EVIDENCE', 'SERVER'])
      assert.ok(header!.includes(title));
    const detail = 'event 7 was rejected: '.repeat(9).trim();
    const gap = { server: 'a', kind: 'k', gapFrom: null, gapUntil: null, detail, queueUuid: 'u', sequence: 1 };
    assert.ok(renderTable([gap], gapColumns('UTC'), Number.POSITIVE_INFINITY).includes(detail));
    assert.ok(!renderTable([gap], gapColumns('UTC'), 100).includes(detail));
  });

  it('keeps the date of what ended on another day', () => {
    const [, line] = table([row({ endedAt: at('2026-11-21T00:00:00Z') })], 60).split('\n');
    assert.match(line!, / 2026-11-21 00:00:00 moved$/);
  });

  it('leaves out the middle of a long cell', () => {
    const circuitId = Buffer.alloc(200, 7);
    const [, line] = renderTable([row({ portName: toText(circuitId) })], historyColumns('ip', 'UTC'), 160).split('\n');
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
    const [, line] = renderTable(
      [row({ switchName: null, portName: null, mac: '' })],
      historyColumns('ip', 'UTC'),
      160,
    ).split('\n');
    assert.match(line!, /^- +- +- /);
  });

  it('shows gaps with an unknown end', () => {
    const gap = { server: 'dhcp-a', kind: 'queue-mismatch', gapFrom: at('2026-11-20T14:03:07Z'), gapUntil: null };
    assert.equal(
      renderTable([{ ...gap, detail: null, queueUuid: 'x', sequence: 4 }], gapColumns('UTC'), 160),
      'SERVER  NO EVIDENCE FROM (UTC)  UNTIL      WHY\ndhcp-a  2026-11-20 14:03:07     not known  queue-mismatch\n',
    );
  });
});

describe('visible text', () => {
  it('keeps ordinary letters', () => assert.equal(visible('büro-3 東京 \\x41'), 'büro-3 東京 \\x41'));

  it('writes out what hides, reorders or moves', () => {
    assert.equal(visible('a\u001b[31m\u0000\u007f'), 'a\\x1b[31m\\x00\\x7f');
    assert.equal(
      visible('\u202egnp\u2066\u200b\ufeff\u00a0\u2028'),
      '\\u{202e}gnp\\u{2066}\\u{200b}\\u{feff}\\u{a0}\\u{2028}',
    );
    assert.equal(visible('x\u0336\u{e0041}\ud800'), 'x\\u{336}\\u{e0041}\\u{d800}');
  });

  it('never lets a control or format character pass', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => assert.doesNotMatch(visible(any), /[\p{C}\p{Zl}\p{Zp}]/u)),
    );
  });
});

describe('summary of clients', () => {
  it('has first and last sign, addresses and sightings of each client on each port', () => {
    const later = row({
      ip: '198.18.16.2',
      firstSeen: at('2026-11-21T00:00:00Z'),
      lastSeen: at('2026-11-21T08:00:00Z'),
    });
    const other = row({ mac: '02:00:00:00:00:02', firstSeen: at('2026-11-20T10:00:00Z') });
    const rows = summarize([
      row(),
      later,
      row(),
      other,
      row({ circuitId: null, firstSeen: at('2026-11-22T00:00:00Z') }),
    ]);
    assert.deepEqual(
      rows.map((one) => [one.mac, one.firstSeen, one.lastSeen, one.addresses, one.sightings]),
      [
        ['02:00:00:00:00:02', other.firstSeen, other.lastSeen, 1, 1],
        ['02:00:00:00:00:01', row().firstSeen, later.lastSeen, 2, 3],
        ['02:00:00:00:00:01', at('2026-11-22T00:00:00Z'), row().lastSeen, 1, 1],
      ],
    );
    assert.deepEqual(Object.keys(rows[0]!), Object.keys(CLIENT_SHAPE));
  });
});

describe('columns', () => {
  it('of gaps are those of the table gaps', () => {
    assert.equal(text(renderCsv([], GAP_SHAPE)), 'server,kind,gap_from,gap_until,detail,queue_uuid,sequence\r\n');
  });
});

describe('nearest names', () => {
  it('are those with the fewest differences, ignoring case', () => {
    assert.deepEqual(nearest('gi1/0/2', ['Gi1/0/1', 'Gi1/0/2', 'Te1/1/1', 'Gi1/0/22']), [
      'Gi1/0/2',
      'Gi1/0/1',
      'Gi1/0/22',
    ]);
  });
});

describe('output', () => {
  it('arrives whole and in order through a slow reader', async () => {
    const stream = new PassThrough({ highWaterMark: 16 });
    const pieces = Array.from({ length: 200 }, (_, i) => `line ${i}\n`);
    const writing = writeAll(stream, pieces).then(() => stream.end());
    let got = '';
    for await (const chunk of stream) got += String(chunk);
    await writing;
    assert.equal(got, pieces.join(''));
  });

  it('leaves no listener behind', async () => {
    const stream = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => setImmediate(done) });
    await writeAll(stream, ['a', 'b', 'c']);
    for (const event of ['drain', 'error', 'close']) assert.equal(stream.listenerCount(event), 0);
  });

  it('ends without an error when the reader goes away', async () => {
    const gone = failing('EPIPE');
    await writeAll(gone, Array(100).fill('line\n'));
    assert.ok(gone.destroyed);
  });

  it('tells any other failure', async () => {
    await assert.rejects(writeAll(failing('ENOSPC'), Array(100).fill('line\n')), {
      name: 'OutputError',
      message: 'Cannot write the answer: ENOSPC',
      exitCode: 2,
    });
  });

  it('ends if the stream is closed while it waits', async () => {
    const stuck = new Writable({ highWaterMark: 1, write: () => undefined });
    const writing = writeAll(stuck, ['a', 'b']);
    stuck.destroy();
    await once(stuck, 'close');
    await writing;
    assert.ok(stuck.destroyed);
  });
});

/** A stream whose second write fails. */
function failing(code: string): Writable {
  let writes = 0;
  return new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, done) {
      writes += 1;
      setImmediate(() => done(writes > 1 ? Object.assign(new Error(code), { code }) : null));
    },
  });
}

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

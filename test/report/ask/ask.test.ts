import assert from 'node:assert/strict';
import fc from 'fast-check';
import { onEveryDatabase, ship } from '../../../rig/lab/trails.js';
import { EXIT, PortledgerError, UsageError } from '../../../src/base/errors.js';
import { fromSqlTime, toIsoTime } from '../../../src/base/time.js';
import type { EventDraft, EventKind, LedgerEvent } from '../../../src/ledger/event/event.js';
import type { Answer, HistoryRow } from '../../../src/report/ask/answer.js';
import { ask } from '../../../src/report/ask/ask.js';
import { parseRequest, type Question, type TimeOptions } from '../../../src/report/ask/request.js';
import { noteLine } from '../../../src/report/render/note-line.js';
import type { Output } from '../../../src/report/render/outputs.js';
import { renderAnswer } from '../../../src/report/render/render.js';
import { namingOf } from '../../../src/trail/store/naming.js';
import type { Trail } from '../../../src/trail/store/trail.js';
import { campus, NOON, OF_NO_CLIENT, queueOf, SECOND } from '../../trail/store/campus.js';

type Step = readonly [seconds: number, kind: EventKind, fields?: Partial<EventDraft>];
type Json = Record<string, string | number | null>;

/** An hour after NOON: every lease of 100 s is over. */
const LATER = NOON + 3600 * SECOND;
const MAC_2 = Buffer.from('020000000002', 'hex');
const port = (name: string) => ({ circuitId: Buffer.from(name) });

/** Client 1 on p1, moved to p2 at 50, renewed at 90, expired at 190; client 2 on p1 from 300 on, released at 350; then client 1 again. */
const STORY: Step[] = [
  [0, 'granted', { hostname: Buffer.from('pc-1') }],
  [50, 'renewed', port('p2')],
  [90, 'renewed', port('p2')],
  [190, 'expired', port('p2')],
  [300, 'granted', { hwaddr: MAC_2, address: '10.0.0.8' }],
  [350, 'released', { hwaddr: MAC_2, address: '10.0.0.8' }],
  [400, 'granted'],
];

/** What a test looks at, as people and programs see it. */
interface Told {
  readonly isEmpty: boolean;
  /** The rows of the JSON form. */
  readonly rows: Json[];
  /** Notes as lines. */
  readonly said: string;
}

async function told(
  trail: Trail,
  question: Question,
  options: TimeOptions = {},
  now = LATER,
  mostInMemory?: number,
): Promise<Told> {
  const answer = await ask(trail, parseRequest(question, options, now), { mostInMemory });
  const said = answer.notes.map((note) => `${noteLine(note)}\n`).join('');
  const json = JSON.parse(await textOf(answer, 'json'));
  assert.equal(json.rows.length === 0, answer.isEmpty);
  assert.deepEqual(json.notes, answer.notes);
  return { isEmpty: answer.isEmpty, rows: json.rows, said };
}

async function rows(trail: Trail, question: Question, options: TimeOptions = {}): Promise<Json[]> {
  return (await told(trail, question, options)).rows;
}

async function written(trail: Trail, question: Question, output: Output, options: TimeOptions = {}): Promise<string> {
  return await textOf(await ask(trail, parseRequest(question, options, LATER)), output);
}

async function textOf(answer: Answer, output: Output): Promise<string> {
  let text = '';
  for await (const piece of (await renderAnswer(answer, output, { width: 160 })).pieces) text += piece;
  return text;
}

/** ISO time of so many seconds after NOON. */
const iso = (seconds: number) => toIsoTime(NOON + seconds * SECOND);
const IP_7: Question = { kind: 'ip', address: '10.0.0.7' };
const ports = (found: Json[]) => found.map((row) => row.portName);

onEveryDatabase('report', (current, database) => {
  const record = async (steps: readonly Step[], trail = current().trail): Promise<LedgerEvent[]> => {
    const events = queueOf(steps);
    await ship(trail, events);
    return events;
  };

  it('shows every sighting of an address, oldest first', async () => {
    await record(STORY);
    assert.deepEqual(
      (await rows(current().trail, IP_7)).map((row) => [
        row.portName,
        row.mac,
        row.firstSeen,
        row.endedAt,
        row.endReason,
      ]),
      [
        ['p1', '02:00:00:00:00:01', iso(0), iso(50), 'moved'],
        ['p2', '02:00:00:00:00:01', iso(50), iso(190), 'expired'],
        ['p1', '02:00:00:00:00:01', iso(400), iso(500), 'expired'],
      ],
    );
  });

  it('finds who held an address at a moment, the end of a sighting excluded', async () => {
    const { trail } = current();
    await record(STORY);
    const at = async (seconds: number) => ports(await rows(trail, IP_7, { at: iso(seconds) }));
    assert.deepEqual(await at(-1), []);
    assert.deepEqual(await at(0), ['p1']);
    assert.deepEqual(await at(49.999999), ['p1']);
    assert.deepEqual(await at(50), ['p2']);
    assert.deepEqual(await at(189), ['p2']);
    assert.deepEqual(await at(190), []);
  });

  it('finds by a time to the second, as tables show it, whoever held at some moment of that second', async () => {
    const { trail } = current();
    await record([
      [0.985, 'granted'],
      [50.5, 'renewed', port('p2')],
    ]);
    const toSecond = (seconds: number) => iso(seconds).replace('.000000', '');
    const at = async (text: string) => ports(await rows(trail, IP_7, { at: text }));
    assert.deepEqual(await at(toSecond(0)), ['p1']);
    assert.deepEqual(await at(iso(0)), []);
    assert.deepEqual(await at(toSecond(-1)), []);
    assert.deepEqual(await at(toSecond(50)), ['p1', 'p2']);
    assert.deepEqual(await at(toSecond(51)), ['p2']);
  });

  it('notes a server that was stopped before the end of the span', async () => {
    const { trail } = current();
    await record([
      [0, 'granted'],
      [50, 'server-stopped'],
    ]);
    const note = /^note: dhcp-a stopped at 2026-11-20 14:00:50 UTC; no evidence from it since$/m;
    assert.match((await told(trail, IP_7)).said, note);
    assert.match((await told(trail, IP_7, { at: iso(60) })).said, note);
    assert.doesNotMatch((await told(trail, IP_7, { to: iso(40) })).said, note);
  });

  it('takes an open sighting whose lease is over for no holder', async () => {
    const { trail } = current();
    await record([[0, 'granted']]);
    const open = await told(trail, IP_7, { at: iso(99) }, NOON + 99 * SECOND);
    assert.deepEqual(
      open.rows.map((row) => [row.endedAt, row.endReason]),
      [[null, null]],
    );
    assert.deepEqual(ports(await rows(trail, IP_7, { at: iso(99) })), ['p1']);
    assert.deepEqual(await rows(trail, IP_7, { at: iso(100) }), []);
    const [ended] = await rows(trail, IP_7);
    assert.deepEqual([ended!.endedAt, ended!.endReason], [iso(100), 'expired']);
  });

  it('finds what overlaps a span, its end excluded', async () => {
    const { trail } = current();
    await record(STORY);
    const between = async (from?: number, to?: number) =>
      ports(
        await rows(trail, IP_7, {
          ...(from === undefined ? {} : { from: iso(from) }),
          ...(to === undefined ? {} : { to: iso(to) }),
        }),
      );
    assert.deepEqual(await between(0, 50), ['p1']);
    assert.deepEqual(await between(49, 51), ['p1', 'p2']);
    assert.deepEqual(await between(190, 400), []);
    assert.deepEqual(await between(190, 400.000001), ['p1']);
    assert.deepEqual(await between(60), ['p2', 'p1']);
    assert.deepEqual(await between(undefined, 50), ['p1']);
  });

  it('shows a sighting without length in a span but at no moment', async () => {
    const { trail } = current();
    await record([
      [10, 'granted'],
      [10, 'released'],
    ]);
    assert.deepEqual(await rows(trail, IP_7, { at: iso(10) }), []);
    assert.deepEqual(ports(await rows(trail, IP_7, { from: iso(10), to: iso(11) })), ['p1']);
    assert.deepEqual(await rows(trail, IP_7, { from: iso(9), to: iso(10) }), []);
  });

  it('finds a device by any notation of its address', async () => {
    const { trail } = current();
    await record(STORY);
    for (const mac of ['0200.0000.0002', '02-00-00-00-00-02', '020000000002'])
      assert.deepEqual(
        (await rows(trail, { kind: 'mac', mac })).map((row) => row.ip),
        ['10.0.0.8'],
      );
    assert.deepEqual(await rows(trail, { kind: 'mac', mac: '02:00:00:00:00:03' }), []);
  });

  it('finds a port by name or raw bytes, case-sensitive', async () => {
    const { trail } = current();
    await record(STORY);
    for (const [name, on] of [
      ['p1', 'sw-a'],
      ['0x7031', '0x73772D61'],
      ['p1', '0x73772d61'],
    ] as const) {
      const found = await rows(trail, { kind: 'port', switch: on, port: name, summary: false });
      assert.deepEqual(
        found.map((row) => row.mac),
        ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:01'],
      );
    }
    assert.deepEqual(await told(trail, { kind: 'port', switch: 'sw-a', port: 'P1', summary: false }), {
      isEmpty: true,
      rows: [],
      said: 'error: The trail knows no port "P1" on switch "sw-a" (the nearest are "p1", "p2")\n',
    });
  });

  it('names the nearest switches of an unknown one, and refuses half a byte with a hint', async () => {
    const { trail } = current();
    await record(STORY);
    const about = (name: string): Question => ({ kind: 'switch', switch: name, summary: false });
    const unknown = (name: string) => `error: The trail knows no switch "${name}" (the nearest is "sw-a")\n`;
    for (const name of ['sw-b', "sw-a' OR '1'='1", '%'])
      assert.deepEqual(await told(trail, about(name)), { isEmpty: true, rows: [], said: unknown(name) });
    await assert.rejects(
      told(trail, about('0x73772')),
      (error) => error instanceof UsageError && error.exitCode === EXIT.usage,
    );
  });

  it('answers with no rows, and warns of gaps, where the switch is unknown', async () => {
    const { trail } = current();
    await record(STORY);
    const gap = { queue: '11111111-1111-4111-8111-111111111111', server: 'dhcp-b', detail: null } as const;
    await trail.recordGap({ ...gap, sequence: 3, kind: 'clock-stepped', from: NOON, until: NOON + 20 * SECOND });
    const unknown = (summary: boolean): Question => ({ kind: 'switch', switch: 'sw-z', summary });
    const { said, isEmpty } = await told(trail, unknown(false));
    assert.ok(isEmpty);
    assert.match(
      said,
      /^warning: no evidence between .* \(dhcp-b: clock-stepped\)\nerror: The trail knows no switch "sw-z" \(.+\)\n$/,
    );
    assert.equal(await written(trail, unknown(false), 'table'), '');
    assert.equal(await written(trail, unknown(false), 'ndjson'), '');
    assert.match(await written(trail, unknown(false), 'csv'), /^switch_name,[a-z_,]+,events\r\n$/);
    assert.match(await written(trail, unknown(true), 'csv'), /^switch_name,[a-z_,]+,sightings\r\n$/);
  });

  it('finds ports by the names that profiles give, all VLANs of a port together', async () => {
    const remoteId = Buffer.from('0006001122aabbcc', 'hex');
    const known = [{ id: { by: 'remote-id' as const, value: remoteId }, name: 'lab', profile: 'cisco-ios-base3' }];
    const trail = await current().open({ naming: namingOf(known) });
    const on = (circuitId: string): Partial<EventDraft> => ({ remoteId, circuitId: Buffer.from(circuitId, 'hex') });
    await record(
      [
        [0, 'granted', on('00040064010c')],
        [10, 'renewed', on('00040065010c')],
        [20, 'renewed', on('00040065010d')],
      ],
      trail,
    );
    const question: Question = { kind: 'port', switch: 'lab', port: '1/10', summary: false };
    assert.deepEqual(
      (await rows(trail, question)).map((row) => row.circuitId),
      ['0x00040064010c', '0x00040065010c'],
    );
    const raw: Question = { ...question, port: '0x00040065010c' };
    assert.deepEqual(
      (await rows(trail, raw)).map((row) => row.portName),
      ['1/10'],
    );
    assert.match(await written(trail, question, 'table'), /^CIRCUIT ID +IP /);
  });

  it('finds the switch that gave no name and the port that gave none as -', async () => {
    const { trail } = current();
    await record([[0, 'granted', { remoteId: null, giaddr: null, circuitId: null }]]);
    const [row] = await rows(trail, { kind: 'port', switch: '-', port: '-', summary: false });
    assert.deepEqual([row!.switchName, row!.portName, row!.remoteId, row!.circuitId], [null, null, null, null]);
  });

  it('finds an address whose port nobody saw', async () => {
    const { trail } = current();
    await record([[0, 'granted', { evidence: 'none', remoteId: null, circuitId: null }]]);
    const [row] = await rows(trail, IP_7);
    assert.deepEqual([row!.portName, row!.evidence], [null, 'none']);
  });

  it('lists a switch at a moment by port, as it is labelled', async () => {
    const { trail } = current();
    const on = (name: string, last: number) => ({
      ...port(name),
      address: `10.0.0.${last}`,
      hwaddr: Buffer.from([2, 0, 0, 0, 0, last]),
    });
    await record([
      [0, 'granted', on('p10', 1)],
      [1, 'granted', on('p9', 2)],
      [2, 'granted', on('p1', 3)],
    ]);
    const question: Question = { kind: 'switch', switch: 'sw-a', summary: false };
    assert.deepEqual(ports(await rows(trail, question, { at: iso(5) })), ['p1', 'p9', 'p10']);
    assert.deepEqual(ports(await rows(trail, question)), ['p10', 'p9', 'p1']);
  });

  it('says whether an empty answer lies in a gap, and never that nobody was there', async () => {
    const { trail } = current();
    await record([
      ...STORY,
      [700, 'server-started', { ...OF_NO_CLIENT, leaseStart: NOON + 600 * SECOND, leaseEnd: NOON + 700 * SECOND }],
    ]);
    const inGap = await told(trail, IP_7, { at: iso(650) });
    assert.deepEqual(inGap, {
      isEmpty: true,
      rows: [],
      said:
        'No evidence of 10.0.0.7 at 2026-11-20 14:10:50 UTC\n' +
        'warning: no evidence between 2026-11-20 14:10:00 and 2026-11-20 14:11:40 UTC (dhcp-a: server-down)\n',
    });
    const outside = await told(trail, IP_7, { at: iso(550) });
    assert.equal(outside.said, 'No evidence of 10.0.0.7 at 2026-11-20 14:09:10 UTC\n');
    const inTokyo = { at: iso(-60), timezone: 'Asia/Tokyo' };
    assert.equal(await written(trail, IP_7, 'table', inTokyo), '');
    assert.equal(
      (await told(trail, IP_7, inTokyo)).said,
      'No evidence of 10.0.0.7 at 2026-11-20 22:59:00 Asia/Tokyo\n' +
        'note: the trail has events of dhcp-a from 2026-11-20 23:00:00 to 2026-11-20 23:11:40 Asia/Tokyo; later ones may not be shipped yet\n',
    );
  });

  it('warns of gaps beside what it found', async () => {
    const { trail } = current();
    await record(STORY);
    const quiet = await told(trail, IP_7);
    assert.deepEqual([quiet.isEmpty, quiet.said], [false, '']);
    const gap = { queue: '11111111-1111-4111-8111-111111111111', server: 'dhcp-b', detail: null } as const;
    await trail.recordGap({ ...gap, sequence: 3, kind: 'clock-stepped', from: NOON, until: NOON + 20 * SECOND });
    const one = await told(trail, IP_7, { to: iso(60) });
    assert.equal(
      one.said,
      'warning: no evidence between 2026-11-20 14:00:00 and 2026-11-20 14:00:20 UTC (dhcp-b: clock-stepped)\n',
    );
    await trail.recordGap({ ...gap, sequence: 9, kind: 'queue-mismatch', from: NOON + 70 * SECOND, until: null });
    const two = await told(trail, IP_7);
    assert.equal(
      two.said,
      'warning: no evidence in 2 spans of this time, the last since 2026-11-20 14:01:10 UTC, end not known (dhcp-b: queue-mismatch); portledger report gaps lists them\n',
    );
    assert.equal((await told(trail, IP_7, { at: iso(60) })).said, '');
  });

  it('lists gaps, also without a known start or end', async () => {
    const { trail } = current();
    await record(STORY);
    const empty = await told(trail, { kind: 'gaps' }, { to: iso(380), from: iso(1) });
    assert.deepEqual(
      [empty.isEmpty, empty.rows, empty.said],
      [true, [], `No gap on record between 2026-11-20 14:00:01 and 2026-11-20 14:06:20 UTC\n`],
    );
    const gap = {
      queue: '11111111-1111-4111-8111-111111111111',
      server: 'dhcp-a',
      detail: 'why',
      sequence: 1,
    } as const;
    await trail.recordGap({ ...gap, kind: 'clock-stepped', from: NOON, until: NOON });
    await trail.recordGap({ ...gap, kind: 'queue-mismatch', from: null, until: null });
    const found = await rows(trail, { kind: 'gaps' });
    assert.deepEqual(found.map((row) => [row.kind, row.gapFrom, row.gapUntil, row.queueUuid]).sort(), [
      ['clock-stepped', iso(0), iso(0), gap.queue],
      ['queue-mismatch', null, null, gap.queue],
    ]);
    const kinds = async (options: TimeOptions) => (await rows(trail, { kind: 'gaps' }, options)).map((row) => row.kind);
    assert.deepEqual(await kinds({ from: iso(1) }), ['queue-mismatch']);
    assert.deepEqual((await kinds({ from: iso(0), to: iso(1) })).sort(), ['clock-stepped', 'queue-mismatch']);
  });

  it('says so if the trail is empty', async () => {
    const { said, isEmpty } = await told(current().trail, IP_7);
    assert.equal(isEmpty, true);
    assert.equal(said, 'No evidence of 10.0.0.7\nnote: the trail has no events yet\n');
    const { reach } = await ask(current().trail, parseRequest(IP_7, {}, LATER));
    assert.deepEqual(reach, { from: null, to: null, removedBefore: null, queues: [] });
  });

  it('notes a hardware address that was cut short', async () => {
    const { trail } = current();
    const short = await told(trail, { kind: 'mac', mac: '02:00' });
    assert.equal(short.isEmpty, true);
    assert.match(short.said, /^note: 02:00 has 2 bytes; the hardware addresses of Ethernet have 6$/m);
    const whole = await told(trail, { kind: 'mac', mac: '02:00:00:00:00:77' });
    assert.doesNotMatch(whole.said, /bytes/);
  });

  it('lets nothing that a client or relay sent leave its cell', async () => {
    const { trail } = current();
    const hostile = [
      '\u001b[2J\u0007',
      '=HYPERLINK("x")',
      "'; DROP TABLE events; --",
      'a"b,c\r\nd',
      'n\0n',
      '\u0080\u009b\u00ff',
      '%s',
      'y'.repeat(255),
    ];
    const bytes = hostile.map((text) => Buffer.from(text, 'latin1'));
    await record(
      bytes.map(
        (one, i): Step => [
          i,
          'granted',
          { circuitId: one, remoteId: one, hostname: one, clientId: one, address: `10.0.0.${i + 1}` },
        ],
      ),
    );
    for (const [i, one] of bytes.entries()) {
      const question: Question = { kind: 'ip', address: `10.0.0.${i + 1}` };
      const [row] = await rows(trail, question);
      const raw = `0x${one.toString('hex')}`;
      assert.deepEqual([row!.remoteId, row!.circuitId, row!.clientId], [raw, raw, raw]);
      for (const key of ['switchName', 'portName', 'hostname']) assert.match(String(row![key]), /^[\x20-\x7e]+$/);
      const port: Question = { kind: 'port', switch: raw, port: String(row!.portName), summary: false };
      assert.deepEqual(
        (await rows(trail, port)).map((found) => found.ip),
        [row!.ip],
      );
      assert.match(await written(trail, question, 'table'), /^[\x20-\x7e]+\n[\x20-\x7e]+\n$/);
      const csv = (await written(trail, question, 'csv')).split('\r\n');
      assert.equal(csv.length, 3);
      assert.match(csv[1]!, /^[\x20-\x7e]+$/);
      assert.doesNotMatch(csv[1]!, /(^|,)"?[=+@-]/);
    }
  });

  it('says the same as the views', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(campus, async (queues) => {
        const { trail } = current();
        for (const table of ['gaps', 'sightings', 'events', 'ports', 'switches', 'queues'])
          await trail.knex(table).delete();
        const fresh = await current().open();
        for (const events of queues) await ship(fresh, events);
        const question: Question = { kind: 'switch', switch: 'sw-a', summary: false };
        const history = await trail.knex('port_history').where('switch_name', 'sw-a').select('*');
        if (history.length === 0) return;
        // The view goes by the database's clock
        const now = Date.now() * 1000;
        const answer = await told(trail, question, {}, now);
        assert.deepEqual(sorted(answer.rows), sorted(history.map(asJson)));
        const clients = await trail.knex('port_clients').where('switch_name', 'sw-a').select('*');
        const summary = await rows(trail, { ...question, summary: true });
        assert.deepEqual(sorted(summary), sorted(clients.map(asJson)));
      }),
      { numRuns: database === 'SQLite' ? 25 : 8 },
    );
  });

  it('gives the same rows, in the same order, where they are too many for the memory', async () => {
    const { trail } = current();
    await record(STORY);
    const on = { kind: 'switch', switch: 'sw-a' } as const;
    const asked: [Question, TimeOptions][] = [
      [IP_7, {}],
      [IP_7, { from: iso(10), to: iso(401) }],
      [{ kind: 'mac', mac: '02:00:00:00:00:01' }, {}],
      [{ kind: 'port', switch: 'sw-a', port: 'p1' }, {}],
      [on, {}],
      [{ ...on, summary: true }, {}],
      [on, { at: iso(20) }],
    ];
    for (const [question, options] of asked)
      assert.deepEqual(await told(trail, question, options, LATER, 0), await told(trail, question, options));
  });

  it('takes no more rows of a stream than are read, and gives the connection back', async () => {
    const { trail } = current();
    await record(STORY);
    for (let i = 0; i < 4; i++) {
      const { rows } = await ask(trail, parseRequest(IP_7, {}, LATER), { mostInMemory: 1 });
      assert.ok(Symbol.asyncIterator in rows);
      for await (const row of rows) {
        assert.equal((row as HistoryRow).portName, 'p1');
        break;
      }
    }
    assert.equal((await rows(trail, IP_7)).length, 3);
  });

  it('says from when to when, and up to which event of each queue, the trail can speak', async () => {
    const { trail } = current();
    const events = await record(STORY);
    const { reach } = await ask(trail, parseRequest(IP_7, {}, LATER));
    const queue = { queueUuid: events[0]!.queue, server: 'dhcp-a', sequence: 7, isStopped: false };
    const [from, to] = [NOON, NOON + 400 * SECOND];
    assert.deepEqual(reach, { from, to, removedBefore: null, queues: [{ ...queue, from, to }] });
  });

  it('reads by an index whatever it is asked', async () => {
    const { trail } = current();
    await record(STORY);
    const seen: { sql: string; bindings: readonly unknown[] }[] = [];
    trail.knex.on('query', (query) => seen.push(query));
    const asked: [Question, RegExp][] = [
      [IP_7, /sightings_ip_/],
      [{ kind: 'mac', mac: '02:00:00:00:00:01' }, /sightings_mac_/],
      [{ kind: 'port', switch: 'sw-a', port: 'p1', summary: false }, /sightings_port_/],
      [{ kind: 'switch', switch: 'sw-a', summary: false }, /sightings_switch_/],
    ];
    for (const [question, index] of asked) {
      seen.length = 0;
      await rows(trail, question, { from: iso(0), to: iso(1) });
      const query = seen.find(({ sql }) => sql.includes('sightings'))!;
      const explain = database === 'SQLite' ? 'EXPLAIN QUERY PLAN ' : 'EXPLAIN FORMAT=JSON ';
      const plan = JSON.stringify(await trail.knex.raw(explain + query.sql, query.bindings as never));
      if (database === 'SQLite') assert.match(plan, new RegExp(`SEARCH s USING INDEX ${index.source}`));
      else assert.match(plan, index);
    }
  });

  it('puts what it found, the warnings and every gap of the time on a page', async () => {
    const down = { ...OF_NO_CLIENT, leaseStart: NOON - 60 * SECOND, leaseEnd: NOON - 50 * SECOND } as const;
    await record([
      [-50, 'server-started', down],
      [0, 'granted', { hostname: Buffer.from('<b>&') }],
    ]);
    const out = await written(current().trail, IP_7, 'html');
    assert.match(out, /^<!DOCTYPE html>\n[\s\S]*<h1>Portledger: 10\.0\.0\.7<\/h1>/);
    assert.match(out, /<td>&lt;b&gt;&amp;<\/td>/);
    assert.match(out, /<li class="warning">warning: no evidence /);
    assert.match(out, /<caption>No evidence<\/caption>[\s\S]*<td>queue-replaced<\/td>/);
    const nothing = await written(current().trail, { kind: 'ip', address: '10.9.9.9' }, 'html');
    assert.match(nothing, /<li>No evidence of 10\.9\.9\.9<\/li>/);
  });

  it('shows an error of the database as it is, not as an empty answer', async () => {
    const { trail } = current();
    await trail.knex.raw('DROP TABLE gaps');
    await assert.rejects(told(trail, IP_7), (error) => error instanceof Error && !(error instanceof PortledgerError));
  });
});

function asJson(row: Record<string, unknown>): Json {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => {
      const field = column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      if (Buffer.isBuffer(value)) return [field, `0x${value.toString('hex')}`];
      const isTime = typeof value === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.test(value);
      return [field, isTime ? toIsoTime(fromSqlTime(value)) : (value as string | number | null)];
    }),
  );
}

function sorted(found: readonly Json[]): string[] {
  return found.map((row) => JSON.stringify(row)).sort();
}

import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { onEveryDatabase, ship } from '../../rig/lab/trails.js';
import { EXIT, type ExitCode, PortledgerError, UsageError } from '../../src/base/errors.js';
import { fromSqlTime, toIsoTime } from '../../src/base/time.js';
import type { EventDraft, EventKind, LedgerEvent } from '../../src/ledger/event/event.js';
import { NotFoundError } from '../../src/report/ask/places.js';
import { runReport } from '../../src/report/ask/report.js';
import { parseRequest, type Question, type ReportOptions } from '../../src/report/ask/request.js';
import { namingOf } from '../../src/trail/store/naming.js';
import type { Trail } from '../../src/trail/store/trail.js';
import { campus, NOON, OF_NO_CLIENT, queueOf, SECOND } from '../trail/store/campus.js';

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

interface Answer {
  readonly exit: ExitCode;
  readonly out: string;
  readonly err: string;
}

async function ask(
  trail: Trail,
  question: Question,
  options: Partial<ReportOptions> = {},
  now = LATER,
): Promise<Answer> {
  const [out, err] = [collector(), collector()];
  const request = parseRequest(question, { output: 'json', ...options }, now);
  const exit = await runReport(trail.knex, request, { out, err, width: 160 });
  return { exit, out: out.text(), err: err.text() };
}

async function rows(trail: Trail, question: Question, options: Partial<ReportOptions> = {}): Promise<Json[]> {
  const { out, exit } = await ask(trail, question, options);
  const parsed = JSON.parse(out) as Json[];
  assert.equal(exit, parsed.length > 0 ? EXIT.ok : EXIT.nothingFound);
  return parsed;
}

function collector(): Writable & { text(): string } {
  let collected = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      collected += String(chunk);
      done();
    },
  });
  return Object.assign(stream, { text: () => collected });
}

/** ISO time of so many seconds after NOON. */
const iso = (seconds: number) => toIsoTime(NOON + seconds * SECOND);
const IP_7: Question = { about: 'ip', address: '10.0.0.7' };
const ports = (found: Json[]) => found.map((row) => row.portName);

onEveryDatabase('report', (current, database) => {
  const tell = async (steps: readonly Step[], trail = current().trail): Promise<LedgerEvent[]> => {
    const events = queueOf(steps);
    await ship(trail, events);
    return events;
  };

  it('shows every sighting of an address, oldest first', async () => {
    await tell(STORY);
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
    await tell(STORY);
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
    await tell([
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
    await tell([
      [0, 'granted'],
      [50, 'server-stopped'],
    ]);
    const note = /^note: dhcp-a stopped at 2026-11-20 14:00:50 UTC; no evidence from it since$/m;
    assert.match((await ask(trail, IP_7)).err, note);
    assert.match((await ask(trail, IP_7, { at: iso(60) })).err, note);
    assert.doesNotMatch((await ask(trail, IP_7, { to: iso(40) })).err, note);
  });

  it('takes an open sighting whose lease is over for no holder', async () => {
    const { trail } = current();
    await tell([[0, 'granted']]);
    const open = await ask(trail, IP_7, { at: iso(99) }, NOON + 99 * SECOND);
    assert.deepEqual(
      (JSON.parse(open.out) as Json[]).map((row) => [row.endedAt, row.endReason]),
      [[null, null]],
    );
    assert.deepEqual(ports(await rows(trail, IP_7, { at: iso(99) })), ['p1']);
    assert.deepEqual(await rows(trail, IP_7, { at: iso(100) }), []);
    const [ended] = await rows(trail, IP_7);
    assert.deepEqual([ended!.endedAt, ended!.endReason], [iso(100), 'expired']);
  });

  it('finds what overlaps a span, its end excluded', async () => {
    const { trail } = current();
    await tell(STORY);
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
    await tell([
      [10, 'granted'],
      [10, 'released'],
    ]);
    assert.deepEqual(await rows(trail, IP_7, { at: iso(10) }), []);
    assert.deepEqual(ports(await rows(trail, IP_7, { from: iso(10), to: iso(11) })), ['p1']);
    assert.deepEqual(await rows(trail, IP_7, { from: iso(9), to: iso(10) }), []);
  });

  it('finds a device by any notation of its address', async () => {
    const { trail } = current();
    await tell(STORY);
    for (const mac of ['0200.0000.0002', '02-00-00-00-00-02', '020000000002'])
      assert.deepEqual(
        (await rows(trail, { about: 'mac', mac })).map((row) => row.ip),
        ['10.0.0.8'],
      );
    assert.deepEqual(await rows(trail, { about: 'mac', mac: '02:00:00:00:00:03' }), []);
  });

  it('finds a port by name or raw bytes, case-sensitive', async () => {
    const { trail } = current();
    await tell(STORY);
    for (const [name, on] of [
      ['p1', 'sw-a'],
      ['0x7031', '0x73772D61'],
      ['p1', '0x73772d61'],
    ] as const) {
      const found = await rows(trail, { about: 'port', switch: on, port: name, summary: false });
      assert.deepEqual(
        found.map((row) => row.mac),
        ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:01'],
      );
    }
    await assert.rejects(ask(trail, { about: 'port', switch: 'sw-a', port: 'P1', summary: false }), {
      message: 'The trail knows no port "P1" on switch "sw-a"',
      hint: 'the nearest are "p1", "p2"',
      exitCode: EXIT.nothingFound,
    });
  });

  it('refuses an unknown switch with the nearest names, and half a byte with a hint', async () => {
    const { trail } = current();
    await tell(STORY);
    const about = (name: string): Question => ({ about: 'switch', switch: name, summary: false });
    await assert.rejects(ask(trail, about('sw-b')), { hint: 'the nearest is "sw-a"', exitCode: EXIT.nothingFound });
    await assert.rejects(
      ask(trail, about('0x73772')),
      (error) => error instanceof UsageError && error.exitCode === EXIT.usage,
    );
    await assert.rejects(ask(trail, about("sw-a' OR '1'='1")), { exitCode: EXIT.nothingFound });
    await assert.rejects(ask(trail, about('%')), { exitCode: EXIT.nothingFound });
  });

  it('answers with no rows, and warns of gaps, where the switch is unknown', async () => {
    const { trail } = current();
    await tell(STORY);
    const gap = { queue: '11111111-1111-4111-8111-111111111111', server: 'dhcp-b', detail: null } as const;
    await trail.recordGap({ ...gap, sequence: 3, kind: 'clock-stepped', from: NOON, until: NOON + 20 * SECOND });
    const asked = async (output: ReportOptions['output'], summary: boolean) => {
      const [out, err] = [collector(), collector()];
      const request = parseRequest({ about: 'switch', switch: 'sw-z', summary }, { output }, LATER);
      await assert.rejects(runReport(trail.knex, request, { out, err, width: 160 }), NotFoundError);
      assert.match(err.text(), /^warning: no evidence between .* \(dhcp-b: clock-stepped\)\n$/);
      return out.text();
    };
    assert.equal(await asked('table', false), '');
    assert.equal(await asked('json', false), '[]\n');
    assert.match(await asked('csv', false), /^switch_name,[a-z_,]+,events\r\n$/);
    assert.match(await asked('csv', true), /^switch_name,[a-z_,]+,sightings\r\n$/);
  });

  it('finds ports by the names that profiles give, all VLANs of a port together', async () => {
    const remoteId = Buffer.from('0006001122aabbcc', 'hex');
    const known = [{ id: { by: 'remote-id' as const, value: remoteId }, name: 'lab', profile: 'cisco-ios-base3' }];
    const trail = await current().open({ naming: namingOf(known) });
    const on = (circuitId: string): Partial<EventDraft> => ({ remoteId, circuitId: Buffer.from(circuitId, 'hex') });
    await tell(
      [
        [0, 'granted', on('00040064010c')],
        [10, 'renewed', on('00040065010c')],
        [20, 'renewed', on('00040065010d')],
      ],
      trail,
    );
    const question: Question = { about: 'port', switch: 'lab', port: '1/10', summary: false };
    assert.deepEqual(
      (await rows(trail, question)).map((row) => row.circuitId),
      ['0x00040064010c', '0x00040065010c'],
    );
    const raw: Question = { ...question, port: '0x00040065010c' };
    assert.deepEqual(
      (await rows(trail, raw)).map((row) => row.portName),
      ['1/10'],
    );
    const { out } = await ask(trail, question, { output: 'table' });
    assert.match(out, /^CIRCUIT ID +IP /);
  });

  it('finds the switch that gave no name and the port that gave none as -', async () => {
    const { trail } = current();
    await tell([[0, 'granted', { remoteId: null, giaddr: null, circuitId: null }]]);
    const [row] = await rows(trail, { about: 'port', switch: '-', port: '-', summary: false });
    assert.deepEqual([row!.switchName, row!.portName, row!.remoteId, row!.circuitId], [null, null, null, null]);
  });

  it('finds an address whose port nobody saw', async () => {
    const { trail } = current();
    await tell([[0, 'granted', { evidence: 'none', remoteId: null, circuitId: null }]]);
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
    await tell([
      [0, 'granted', on('p10', 1)],
      [1, 'granted', on('p9', 2)],
      [2, 'granted', on('p1', 3)],
    ]);
    const question: Question = { about: 'switch', switch: 'sw-a', summary: false };
    assert.deepEqual(ports(await rows(trail, question, { at: iso(5) })), ['p1', 'p9', 'p10']);
    assert.deepEqual(ports(await rows(trail, question)), ['p10', 'p9', 'p1']);
  });

  it('says whether an empty answer lies in a gap, and never that nobody was there', async () => {
    const { trail } = current();
    await tell([
      ...STORY,
      [700, 'server-started', { ...OF_NO_CLIENT, leaseStart: NOON + 600 * SECOND, leaseEnd: NOON + 700 * SECOND }],
    ]);
    const inGap = await ask(trail, IP_7, { at: iso(650) });
    assert.deepEqual(inGap, {
      exit: EXIT.nothingFound,
      out: '[]\n',
      err:
        'No evidence of 10.0.0.7 at 2026-11-20 14:10:50 UTC\n' +
        'warning: no evidence between 2026-11-20 14:10:00 and 2026-11-20 14:11:40 UTC (dhcp-a: server-down)\n',
    });
    const outside = await ask(trail, IP_7, { at: iso(550) });
    assert.equal(outside.err, 'No evidence of 10.0.0.7 at 2026-11-20 14:09:10 UTC\n');
    const before = await ask(trail, IP_7, { at: iso(-60), timezone: 'Asia/Tokyo', output: 'table' });
    assert.equal(before.out, '');
    assert.equal(
      before.err,
      'No evidence of 10.0.0.7 at 2026-11-20 22:59:00 Asia/Tokyo\n' +
        'note: the trail has events of dhcp-a from 2026-11-20 23:00:00 to 2026-11-20 23:11:40 Asia/Tokyo; later ones may not be shipped yet\n',
    );
  });

  it('warns of gaps beside what it found', async () => {
    const { trail } = current();
    await tell(STORY);
    const quiet = await ask(trail, IP_7);
    assert.deepEqual([quiet.exit, quiet.err], [EXIT.ok, '']);
    const gap = { queue: '11111111-1111-4111-8111-111111111111', server: 'dhcp-b', detail: null } as const;
    await trail.recordGap({ ...gap, sequence: 3, kind: 'clock-stepped', from: NOON, until: NOON + 20 * SECOND });
    const one = await ask(trail, IP_7, { to: iso(60) });
    assert.equal(
      one.err,
      'warning: no evidence between 2026-11-20 14:00:00 and 2026-11-20 14:00:20 UTC (dhcp-b: clock-stepped)\n',
    );
    await trail.recordGap({ ...gap, sequence: 9, kind: 'queue-mismatch', from: NOON + 70 * SECOND, until: null });
    const two = await ask(trail, IP_7);
    assert.equal(
      two.err,
      'warning: no evidence in 2 spans of this time, the last since 2026-11-20 14:01:10 UTC, end not known (dhcp-b: queue-mismatch); portledger report gaps lists them\n',
    );
    assert.equal((await ask(trail, IP_7, { at: iso(60) })).err, '');
  });

  it('lists gaps, also without a known start or end', async () => {
    const { trail } = current();
    await tell(STORY);
    const empty = await ask(trail, { about: 'gaps' }, { to: iso(380), from: iso(1) });
    assert.deepEqual(
      [empty.exit, empty.out, empty.err],
      [EXIT.nothingFound, '[]\n', `No gap on record between 2026-11-20 14:00:01 and 2026-11-20 14:06:20 UTC\n`],
    );
    const gap = {
      queue: '11111111-1111-4111-8111-111111111111',
      server: 'dhcp-a',
      detail: 'why',
      sequence: 1,
    } as const;
    await trail.recordGap({ ...gap, kind: 'clock-stepped', from: NOON, until: NOON });
    await trail.recordGap({ ...gap, kind: 'queue-mismatch', from: null, until: null });
    const found = await rows(trail, { about: 'gaps' });
    assert.deepEqual(found.map((row) => [row.kind, row.gapFrom, row.gapUntil, row.queueUuid]).sort(), [
      ['clock-stepped', iso(0), iso(0), gap.queue],
      ['queue-mismatch', null, null, gap.queue],
    ]);
    const kinds = async (options: Partial<ReportOptions>) =>
      (await rows(trail, { about: 'gaps' }, options)).map((row) => row.kind);
    assert.deepEqual(await kinds({ from: iso(1) }), ['queue-mismatch']);
    assert.deepEqual((await kinds({ from: iso(0), to: iso(1) })).sort(), ['clock-stepped', 'queue-mismatch']);
  });

  it('says so if the trail is empty', async () => {
    const { err, exit } = await ask(current().trail, IP_7);
    assert.equal(exit, EXIT.nothingFound);
    assert.equal(err, 'No evidence of 10.0.0.7\nnote: the trail has no events yet\n');
  });

  it('tells of a hardware address that was cut short', async () => {
    const { trail } = current();
    const short = await ask(trail, { about: 'mac', mac: '02:00' });
    assert.equal(short.exit, EXIT.nothingFound);
    assert.match(short.err, /^note: 02:00 has 2 bytes; the hardware addresses of Ethernet have 6$/m);
    const whole = await ask(trail, { about: 'mac', mac: '02:00:00:00:00:77' });
    assert.doesNotMatch(whole.err, /bytes/);
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
    await tell(
      bytes.map(
        (one, i): Step => [
          i,
          'granted',
          { circuitId: one, remoteId: one, hostname: one, clientId: one, address: `10.0.0.${i + 1}` },
        ],
      ),
    );
    for (const [i, one] of bytes.entries()) {
      const question: Question = { about: 'ip', address: `10.0.0.${i + 1}` };
      const [row] = await rows(trail, question);
      const raw = `0x${one.toString('hex')}`;
      assert.deepEqual([row!.remoteId, row!.circuitId, row!.clientId], [raw, raw, raw]);
      for (const key of ['switchName', 'portName', 'hostname']) assert.match(String(row![key]), /^[\x20-\x7e]+$/);
      const port: Question = { about: 'port', switch: raw, port: String(row!.portName), summary: false };
      assert.deepEqual(
        (await rows(trail, port)).map((found) => found.ip),
        [row!.ip],
      );
      assert.match((await ask(trail, question, { output: 'table' })).out, /^[\x20-\x7e]+\n[\x20-\x7e]+\n$/);
      const csv = (await ask(trail, question, { output: 'csv' })).out.split('\r\n');
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
        const question: Question = { about: 'switch', switch: 'sw-a', summary: false };
        const history = await trail.knex('port_history').where('switch_name', 'sw-a').select('*');
        if (history.length === 0) return;
        // The view goes by the database's clock
        const now = Date.now() * 1000;
        const answer = await ask(trail, question, {}, now);
        assert.deepEqual(sorted(JSON.parse(answer.out) as Json[]), sorted(history.map(asJson)));
        const clients = await trail.knex('port_clients').where('switch_name', 'sw-a').select('*');
        const summary = await rows(trail, { ...question, summary: true });
        assert.deepEqual(sorted(summary), sorted(clients.map(asJson)));
      }),
      { numRuns: database === 'SQLite' ? 25 : 8 },
    );
  });

  it('reads by an index whatever it is asked', async () => {
    const { trail } = current();
    await tell(STORY);
    const seen: { sql: string; bindings: readonly unknown[] }[] = [];
    trail.knex.on('query', (query) => seen.push(query));
    const asked: [Question, RegExp][] = [
      [IP_7, /sightings_ip_/],
      [{ about: 'mac', mac: '02:00:00:00:00:01' }, /sightings_mac_/],
      [{ about: 'port', switch: 'sw-a', port: 'p1', summary: false }, /sightings_port_/],
      [{ about: 'switch', switch: 'sw-a', summary: false }, /sightings_switch_/],
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
    await tell([
      [-50, 'server-started', down],
      [0, 'granted', { hostname: Buffer.from('<b>&') }],
    ]);
    const { out, err } = await ask(current().trail, IP_7, { output: 'html' });
    assert.match(out, /^<!DOCTYPE html>\n[\s\S]*<h1>Portledger: 10\.0\.0\.7<\/h1>/);
    assert.match(out, /<td>&lt;b&gt;&amp;<\/td>/);
    assert.match(out, /<li class="warning">warning: no evidence /);
    assert.match(out, /<caption>No evidence<\/caption>[\s\S]*<td>queue-replaced<\/td>/);
    assert.match(err, /^warning: no evidence /);
    const nothing = await ask(current().trail, { about: 'ip', address: '10.9.9.9' }, { output: 'html' });
    assert.equal(nothing.exit, EXIT.nothingFound);
    assert.match(nothing.out, /<li>No evidence of 10\.9\.9\.9<\/li>/);
  });

  it('shows an error of the database as it is, not as an empty answer', async () => {
    const { trail } = current();
    await trail.knex.raw('DROP TABLE gaps');
    await assert.rejects(ask(trail, IP_7), (error) => error instanceof Error && !(error instanceof PortledgerError));
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

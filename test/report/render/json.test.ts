import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Answer, HISTORY_SHAPE, type HistoryRow } from '../../../src/report/ask/answer.js';
import { renderJson, renderJsonAnswer, renderNdjson } from '../../../src/report/render/json.js';
import { at, row, textOf } from '../samples.js';

const json = (rows: HistoryRow[]) => [...renderJson(rows, HISTORY_SHAPE)].join('');

describe('a JSON array of rows', () => {
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

const QUEUE = '11111111-1111-4111-8111-111111111111';

const ANSWER: Answer = {
  kind: 'sightings',
  request: {
    question: { kind: 'port', switch: 'sw-a', port: 'Gi1/0/1', summary: false },
    span: { kind: 'between', from: at('2026-11-20T00:00:00Z'), to: null },
    zone: 'Europe/Oslo',
    now: at('2026-11-21T00:00:00Z'),
  },
  isEmpty: false,
  rows: [row()],
  gaps: [{ server: 'b', kind: 'server-down', gapFrom: null, gapUntil: 0, detail: null, queueUuid: QUEUE, sequence: 4 }],
  notes: [{ code: 'gap', severity: 'warning', text: 'no evidence \u00e6' }],
  reach: {
    from: null,
    to: at('2026-11-20T12:00:00Z'),
    removedBefore: null,
    queues: [
      { queueUuid: QUEUE, server: 'b', from: null, to: at('2026-11-20T12:00:00Z'), sequence: 4, isStopped: true },
    ],
  },
};

describe('an answer as JSON', () => {
  it('is one object: question, rows, gaps, notes and reach', async () => {
    const text = await textOf(renderJsonAnswer(ANSWER));
    assert.match(text, /^[\x20-\x7e\n]+\n$/);
    const to = '2026-11-20T12:00:00.000000Z';
    assert.deepEqual(JSON.parse(text), {
      question: {
        kind: 'port',
        subject: { switch: 'sw-a', port: 'Gi1/0/1' },
        summary: false,
        span: { kind: 'between', from: '2026-11-20T00:00:00.000000Z', to: null },
        zone: 'Europe/Oslo',
        askedAt: '2026-11-21T00:00:00.000000Z',
      },
      rows: JSON.parse(json([row()])),
      gaps: [
        {
          server: 'b',
          kind: 'server-down',
          gapFrom: null,
          gapUntil: '1970-01-01T00:00:00.000000Z',
          detail: null,
          queueUuid: QUEUE,
          sequence: 4,
        },
      ],
      notes: [{ code: 'gap', severity: 'warning', text: 'no evidence \u00e6' }],
      reach: {
        from: null,
        to,
        removedBefore: null,
        queues: [{ queueUuid: QUEUE, server: 'b', from: null, to, sequence: 4 }],
      },
    });
  });

  it('has no subject where the question is about gaps', async () => {
    const request = { ...ANSWER.request, question: { kind: 'gaps' } } as const;
    const answer: Answer = { ...ANSWER, kind: 'gaps', request, rows: ANSWER.gaps };
    const { question, rows, gaps } = JSON.parse(await textOf(renderJsonAnswer(answer)));
    assert.deepEqual([question.kind, question.subject, question.summary], ['gaps', null, false]);
    assert.deepEqual(rows, gaps);
  });

  it('takes rows from a stream, and lets go of it when nobody reads on', async () => {
    let read = 0;
    let isClosed = false;
    async function* many(): AsyncGenerator<HistoryRow> {
      try {
        for (; ; read++) yield row();
      } finally {
        isClosed = true;
      }
    }
    for await (const piece of renderJsonAnswer({ ...ANSWER, kind: 'sightings', rows: many() })) {
      if (read === 5) break;
      assert.ok(piece.length > 0);
    }
    assert.deepEqual([read, isClosed], [5, true]);
  });
});

describe('NDJSON', () => {
  it('is one row a line, and nothing without rows', async () => {
    const text = await textOf(renderNdjson([row(), row({ ip: '198.18.16.2' })], HISTORY_SHAPE));
    const lines = text.split('\n');
    assert.equal(lines.pop(), '');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      JSON.parse(json([row(), row({ ip: '198.18.16.2' })])),
    );
    assert.equal(await textOf(renderNdjson([], HISTORY_SHAPE)), '');
  });
});

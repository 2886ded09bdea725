import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HISTORY_SHAPE, type HistoryRow } from '../../../src/report/ask/answer.js';
import { renderJson } from '../../../src/report/render/json.js';
import { row } from '../samples.js';

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

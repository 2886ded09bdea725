import assert from 'node:assert/strict';
import { CLIENT_SHAPE, summarize } from '../../../src/report/ask/summary.js';
import { at, row } from '../samples.js';

describe('summary of clients', () => {
  it('has first and last sign, addresses and sightings of each client on each port', async () => {
    const later = row({
      ip: '198.18.16.2',
      firstSeen: at('2026-11-21T00:00:00Z'),
      lastSeen: at('2026-11-21T08:00:00Z'),
    });
    const other = row({ mac: '02:00:00:00:00:02', firstSeen: at('2026-11-20T10:00:00Z') });
    const rows = await summarize([
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

import type { HistoryRow } from '../../src/report/ask/answer.js';

/** Microseconds of an ISO time. */
export const at = (iso: string) => Date.parse(iso) * 1000;

/** A sighting of 2026-11-20. */
export function row(fields: Partial<HistoryRow> = {}): HistoryRow {
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

/** What a client or a broken relay may send, as hostname or circuit-id. */
export const HOSTILE = [
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

/** All pieces of a text. */
export async function textOf(pieces: Iterable<string> | AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

import type { Row } from '../../rig/checker/rows.js';
import type { Span } from '../../rig/checker/span.js';
import type { Stay } from '../../rig/checker/stays.js';

/** The row of `port_history` that a stay is in a trail without fault. */
export function rowOf(stay: Stay): Row {
  const middle = ({ from, to }: Span) => Math.round((from + to) / 2);
  return {
    switchName: stay.port.switchName,
    portName: stay.port.portName,
    remoteId: stay.port.remoteId.toString('hex'),
    circuitId: stay.port.circuitId.toString('hex'),
    ip: stay.ip,
    mac: stay.mac,
    clientId: stay.clientId ?? null,
    hostname: stay.hostname ?? null,
    firstSeen: middle(stay.firstSeen),
    lastSeen: middle(stay.lastSeen),
    leaseUntil: middle(stay.leaseUntil),
    endedAt: stay.endedAt ? middle(stay.endedAt) : null,
    endReason: stay.endReason ?? null,
    evidence: 'observed',
    server: stay.servers[0]!,
    events: stay.events.at(-1)!,
  };
}

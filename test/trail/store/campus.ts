import fc from 'fast-check';
import { genesisHash, sealEvent } from '../../../src/ledger/event/encoding.js';
import type { EventDraft, EventKind, LedgerEvent } from '../../../src/ledger/event/event.js';
import { APPEND_STEPS } from '../../../src/trail/store/steps.js';

/** What an event of the server itself has not: it is about no client and no port. */
export const OF_NO_CLIENT = {
  address: null,
  htype: null,
  hwaddr: null,
  giaddr: null,
  circuitId: null,
  remoteId: null,
  xid: null,
  evidence: 'none',
} as const;

/** 2026-11-20 14:00:00 UTC. */
export const NOON = Date.UTC(2026, 10, 20, 14) * 1000;
export const SECOND = 1_000_000;

const QUEUES = [
  '11111111-1111-4111-8111-111111111111',
  'ffffffff-2222-4222-8222-222222222222',
  '33333333-3333-4333-8333-333333333333',
  '22222222-4444-4444-8444-444444444444',
];

/** A draft of a lease event with sensible values where none are given. */
export function draft(kind: EventKind, fields: Partial<EventDraft> = {}): EventDraft {
  return {
    kind,
    server: 'dhcp-a',
    address: '10.0.0.7',
    htype: 1,
    hwaddr: Buffer.from('020000000001', 'hex'),
    clientId: null,
    hostname: null,
    vendorClass: null,
    parameterRequestList: null,
    xid: 1,
    clientState: null,
    giaddr: '10.0.0.1',
    option82: null,
    circuitId: Buffer.from('p1'),
    remoteId: Buffer.from('sw-a'),
    subscriberId: null,
    relayId: null,
    linkSelection: null,
    evidence: 'observed',
    leaseStart: null,
    leaseEnd: null,
    detail: null,
    ...fields,
  };
}

/** Seals drafts into the events of a queue, from its first on. */
export function sealAll(queue: string, drafts: readonly { at: number; draft: EventDraft }[]): LedgerEvent[] {
  let hash: Uint8Array = genesisHash(queue);
  return drafts.map((one, i) => {
    const { event } = sealEvent({ ...one.draft, queue, sequence: i + 1, at: one.at }, hash);
    hash = event.hash;
    return event;
  });
}

/** One queue with the given events, seconds after NOON. */
export function queueOf(
  steps: readonly (readonly [seconds: number, kind: EventKind, fields?: Partial<EventDraft>])[],
  queue = QUEUES[0]!,
): LedgerEvent[] {
  return sealAll(
    queue,
    steps.map(([seconds, kind, fields]) => {
      const at = NOON + seconds * SECOND;
      const leaseEnd = kind === 'granted' || kind === 'renewed' ? at + 100 * SECOND : at;
      return { at, draft: draft(kind, { leaseEnd, ...fields }) };
    }),
  );
}

const lease = fc.record({
  step: fc.integer({ min: 0, max: 40 }),
  kind: fc.constantFrom<EventKind>(
    'granted',
    'granted',
    'renewed',
    'renewed',
    'released',
    'declined',
    'expired',
    'revoked',
    'server-started',
  ),
  address: fc.integer({ min: 1, max: 3 }),
  mac: fc.integer({ min: 1, max: 3 }),
  clientId: fc.constantFrom(null, null, 'c1'),
  port: fc.integer({ min: 1, max: 3 }),
  evidence: fc.constantFrom<EventDraft['evidence']>('observed', 'observed', 'carried', 'none'),
  hostname: fc.constantFrom(null, 'h1', 'h2'),
  length: fc.integer({ min: 1, max: 120 }),
});

/** What the events of one random queue are made of: few addresses, clients and ports, so that they meet all the time. */
const queueSteps = fc.record({
  skew: fc.integer({ min: -30, max: 30 }),
  leases: fc.array(lease, { minLength: 4, maxLength: 25, size: 'max' }),
});

/** The events of two to four queues with skewed clocks that share addresses. */
export const campus: fc.Arbitrary<LedgerEvent[][]> = fc
  .array(queueSteps, { minLength: 2, maxLength: 4 })
  .map((queues) => queues.map(({ skew, leases }, i) => sealQueue(i, skew, leases)));

type Lease = typeof lease extends fc.Arbitrary<infer T> ? T : never;

function sealQueue(index: number, skew: number, leases: readonly Lease[]): LedgerEvent[] {
  let at = NOON + skew * SECOND;
  const drafts = leases.map((one) => {
    at += one.step * SECOND;
    return { at, draft: draftOf(index, at, one) };
  });
  return sealAll(QUEUES[index]!, drafts);
}

function draftOf(index: number, at: number, one: Lease): EventDraft {
  const server = `dhcp-${index}`;
  if (one.kind === 'server-started') {
    const span = { leaseStart: at - SECOND, leaseEnd: at };
    return draft(one.kind, { ...OF_NO_CLIENT, server, ...span });
  }
  const grants = one.kind === 'granted' || one.kind === 'renewed';
  return draft(one.kind, {
    ...(one.evidence === 'none' ? NO_PORT : { circuitId: Buffer.from(`p${one.port}`) }),
    server,
    evidence: one.evidence,
    address: `10.0.0.${one.address}`,
    hwaddr: Buffer.from([2, 0, 0, 0, 0, one.mac]),
    clientId: one.clientId === null ? null : Buffer.from(one.clientId),
    hostname: one.hostname === null ? null : Buffer.from(one.hostname),
    leaseEnd: grants ? at + one.length * SECOND : at,
  });
}

const NO_PORT = { circuitId: null, remoteId: null, relayId: null, subscriberId: null, evidence: 'none' } as const;

/** Which queue ships next, how much, how much of what it shipped before comes again, and after which step it crashes. */
export const shipping = fc.array(
  fc.record({
    queue: fc.nat(3),
    size: fc.integer({ min: 1, max: 8 }),
    again: fc.integer({ min: 0, max: 4 }),
    crash: fc.option(fc.constantFrom(...APPEND_STEPS), { freq: 6 }),
  }),
  { maxLength: 60, size: 'max' },
);

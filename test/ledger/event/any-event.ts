import fc from 'fast-check';
import type { NamedDraft } from '../../../src/ledger/event/encoding.js';
import { CLIENT_STATES, EVENT_KINDS, EVIDENCES } from '../../../src/ledger/event/event.js';

const bytes = (max: number) => fc.option(fc.uint8Array({ maxLength: max }).map((value) => Buffer.from(value)));
const time = fc.option(fc.nat({ max: Number.MAX_SAFE_INTEGER }));
const address = fc.option(fc.oneof(fc.ipV4(), fc.ipV6()));

/** Any event that can be. */
export const anyEvent: fc.Arbitrary<NamedDraft> = fc.record(
  {
    queue: fc.uuid(),
    sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    at: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    kind: fc.constantFrom(...EVENT_KINDS),
    server: fc.string({ minLength: 1, maxLength: 60 }),
    address,
    htype: fc.option(fc.nat(255)),
    hwaddr: bytes(16),
    clientId: bytes(255),
    hostname: bytes(255),
    vendorClass: bytes(255),
    parameterRequestList: bytes(255),
    xid: fc.option(fc.nat(0xffffffff)),
    clientState: fc.option(fc.constantFrom(...CLIENT_STATES)),
    giaddr: address,
    option82: bytes(600),
    circuitId: bytes(255),
    remoteId: bytes(255),
    subscriberId: bytes(255),
    relayId: bytes(255),
    linkSelection: address,
    evidence: fc.constantFrom(...EVIDENCES),
    leaseStart: time,
    leaseEnd: time,
    detail: fc.option(fc.string({ maxLength: 255 })),
  },
  { noNullPrototype: true },
);

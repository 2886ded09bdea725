import type { Micros } from '../../base/time.js';
import type { EventDraft, SERVER_EVENT_KINDS } from '../../ledger/event/event.js';

/** An event of the server itself. `span`: the time in which the server can prove nothing, if there is one. */
export function serverEvent(
  kind: (typeof SERVER_EVENT_KINDS)[number],
  server: string,
  detail: string | null,
  span: { from: Micros; to: Micros } | null = null,
): EventDraft {
  return {
    kind,
    server,
    address: null,
    htype: null,
    hwaddr: null,
    clientId: null,
    hostname: null,
    vendorClass: null,
    parameterRequestList: null,
    xid: null,
    clientState: null,
    giaddr: null,
    option82: null,
    circuitId: null,
    remoteId: null,
    subscriberId: null,
    relayId: null,
    linkSelection: null,
    evidence: 'none',
    leaseStart: span?.from ?? null,
    leaseEnd: span?.to ?? null,
    detail,
  };
}

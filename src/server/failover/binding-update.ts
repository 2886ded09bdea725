import type { Ipv4 } from '../../net/ipv4.js';
import { BINDING_STATUS, type BindingStatus, nameOf, REJECT } from '../../protocol/failover/codes.js';
import type { OptionValues } from '../../protocol/failover/options.js';
import {
  decodePortledgerLease,
  encodePortledgerLease,
  type PortledgerLease,
} from '../../protocol/failover/portledger-lease.js';
import type { Binding, Holder, Seconds } from './binding.js';
import { NEVER } from './lease-time.js';

/** Content of the partner's BNDUPD. Absent times are 0. */
export interface Update {
  readonly address: Ipv4;
  readonly status: BindingStatus;
  readonly holder: Holder | null;
  readonly starts: Seconds;
  readonly ends: Seconds;
  readonly cltt: Seconds;
  readonly potential: Seconds;
  readonly flags: number;
  /** Only from another Portledger. */
  readonly portledger: PortledgerLease | undefined;
}

/** Why an update or a connection is rejected: reject-reason and message. */
export interface Rejection {
  readonly code: number;
  readonly text: string;
}

const NEEDS_HOLDER: ReadonlySet<BindingStatus> = new Set(['ACTIVE', 'EXPIRED', 'RELEASED']);

/** Statuses with which the partner needs to know who gave the lease last. */
const SENT_WITH_OWN: ReadonlySet<BindingStatus> = new Set(['ACTIVE', 'EXPIRED']);

/** The options of the BNDUPD for a binding. */
export function updateOptions(binding: Binding, partnerIsPortledger: boolean): OptionValues {
  const { address, status, holder, ends, promised, starts, cltt, flags } = binding;
  const options: OptionValues = {
    'assigned-IP-address': address,
    'binding-status': BINDING_STATUS[status],
    'lease-expiration-time': ends,
    'potential-expiration-time': promised,
    'start-time-of-state': starts,
  };
  if (cltt !== 0) options['client-last-transaction-time'] = cltt;
  if (flags !== 0) options['IP-flags'] = flags;
  // dhcpd refuses client data of an abandoned address
  if (holder && status !== 'ABANDONED') Object.assign(options, holderOptions(holder));
  if (partnerIsPortledger && status !== 'ABANDONED')
    options['portledger-lease'] = encodePortledgerLease({ ...binding, own: binding.own && SENT_WITH_OWN.has(status) });
  return options;
}

function holderOptions({ htype, hwaddr, clientId }: Holder): OptionValues {
  const options: OptionValues = {
    'client-hardware-address': Buffer.from(String.fromCharCode(htype) + hwaddr, 'latin1'),
  };
  if (clientId !== null) options['client-identifier'] = Buffer.from(clientId, 'latin1');
  return options;
}

export type ReadUpdate =
  | { readonly kind: 'update'; readonly update: Update }
  | { readonly kind: 'rejection'; readonly rejection: Rejection };

/** Reads the options of a BNDUPD. A rejection says what is missing or wrong. */
export function readUpdate(options: OptionValues): ReadUpdate {
  const address = options['assigned-IP-address'];
  const code = options['binding-status'];
  if (address === undefined) return missing('no assigned-IP-address');
  if (code === undefined) return missing('no binding-status');
  const status = nameOf(BINDING_STATUS, code);
  if (status === undefined) return rejected(REJECT.UNKNOWN, `binding-status ${code} is not known`);
  const holder = readHolder(options);
  if (NEEDS_HOLDER.has(status) && holder === null) return missing(`${status} without client-hardware-address`);
  if (status === 'ABANDONED' && holder !== null) return rejected(REJECT.UNKNOWN, 'ABANDONED with a client');
  const update: Update = {
    address,
    status,
    holder,
    starts: timeOf(options['start-time-of-state']),
    ends: timeOf(options['lease-expiration-time']),
    cltt: timeOf(options['client-last-transaction-time']),
    potential: timeOf(options['potential-expiration-time']),
    flags: options['IP-flags'] ?? 0,
    portledger: decodePortledgerLease(options['portledger-lease']),
  };
  return { kind: 'update', update };
}

/** Limits a time to that of an infinite lease, so that sums of times do not overflow. */
function timeOf(value: number | undefined): Seconds {
  return Math.min(value ?? 0, NEVER);
}

function readHolder(options: OptionValues): Holder | null {
  const hardware = options['client-hardware-address'];
  const clientId = options['client-identifier']?.toString('latin1') ?? null;
  // A client may have a hardware type and no address; its identifier names it (RFC 4390)
  if (!hardware || hardware.length < (clientId === null ? 2 : 1)) return null;
  return { htype: hardware[0]!, hwaddr: hardware.toString('latin1', 1), clientId };
}

function missing(text: string): ReadUpdate {
  return rejected(REJECT.MISSING_INFORMATION, text);
}

function rejected(code: number, text: string): ReadUpdate {
  return { kind: 'rejection', rejection: { code, text } };
}

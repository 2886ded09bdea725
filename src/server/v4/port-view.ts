import type { EventDraft } from '../../ledger/event/event.js';
import { formatIpv4, type Ipv4 } from '../../net/ipv4.js';
import type { DhcpMessage } from '../../protocol/dhcpv4/message.js';
import {
  decodeRelayAgent,
  type RelayAgent,
  RELAY_AGENT_SUBOPTIONS as SUB,
  suboption,
} from '../../protocol/relay-agent/relay-agent.js';
import type { PortObservation } from '../leases/lease.js';

/** The fields of an event that name the port, with the evidence for it. */
export type PortView = Pick<
  EventDraft,
  'giaddr' | 'option82' | 'circuitId' | 'remoteId' | 'subscriberId' | 'relayId' | 'linkSelection' | 'evidence'
>;

/** True if Option 82 is present, not malformed, and names a switch, a port or a subscriber. */
export function showsPort(relayAgent: RelayAgent): boolean {
  if (relayAgent.state !== 'present') return false;
  return [SUB.circuitId, SUB.remoteId, SUB.relayId, SUB.subscriberId].some(({ code }) =>
    relayAgent.suboptions.has(code),
  );
}

/** The relay's address and the Option 82 of this packet. */
export function observedPort(message: DhcpMessage): PortObservation {
  const { relayAgent } = message;
  const payload = relayAgent.state === 'absent' ? '' : relayAgent.payload.toString('latin1');
  return { giaddr: message.giaddr, option82: payload };
}

/** The event's port fields for a port observed in this packet, or carried over from an earlier one. */
export function viewOf(port: PortObservation, evidence: 'observed' | 'carried'): PortView {
  const relayAgent = relayAgentOf(port);
  return {
    giaddr: addressText(port.giaddr),
    option82: Buffer.from(port.option82, 'latin1'),
    circuitId: suboption(relayAgent, SUB.circuitId.code) ?? null,
    remoteId: suboption(relayAgent, SUB.remoteId.code) ?? null,
    subscriberId: suboption(relayAgent, SUB.subscriberId.code) ?? null,
    relayId: suboption(relayAgent, SUB.relayId.code) ?? null,
    linkSelection: linkOf(relayAgent),
    evidence,
  };
}

/** The event's port fields without a known port. The bytes of an Option 82 that names none are recorded all the same. */
export function viewOfNone(message: DhcpMessage | null): PortView {
  const relayAgent = message?.relayAgent;
  return {
    giaddr: addressText(message?.giaddr ?? 0),
    option82: relayAgent && relayAgent.state !== 'absent' ? relayAgent.payload : null,
    circuitId: null,
    remoteId: null,
    subscriberId: null,
    relayId: null,
    linkSelection: relayAgent ? linkOf(relayAgent) : null,
    evidence: 'none',
  };
}

function linkOf(relayAgent: RelayAgent): string | null {
  const link = suboption(relayAgent, SUB.linkSelection.code);
  return link?.length === 4 ? formatIpv4(link.readUInt32BE(0)) : null;
}

/** The switch: remote-id (kind 2), else relay-id (1), else the relay's address in decimal (0). A higher kind is the better identity. */
export interface SwitchIdentity {
  kind: 0 | 1 | 2;
  value: string;
}

/** Switch and port of an observation (latin1). Two observations are of one port if and only if these are equal. */
export function identityOf(port: PortObservation): { switch: SwitchIdentity; circuitId: string | null } {
  const relayAgent = relayAgentOf(port);
  const remoteId = suboption(relayAgent, SUB.remoteId.code);
  const relayId = suboption(relayAgent, SUB.relayId.code);
  const circuitId = suboption(relayAgent, SUB.circuitId.code)?.toString('latin1') ?? null;
  if (remoteId) return { switch: { kind: 2, value: remoteId.toString('latin1') }, circuitId };
  if (relayId) return { switch: { kind: 1, value: relayId.toString('latin1') }, circuitId };
  return { switch: { kind: 0, value: String(port.giaddr) }, circuitId };
}

/** True if both name the same switch and port. */
export function isSamePort(a: PortObservation, b: PortObservation): boolean {
  const one = identityOf(a);
  const other = identityOf(b);
  return (
    one.circuitId === other.circuitId &&
    one.switch.kind === other.switch.kind &&
    one.switch.value === other.switch.value
  );
}

/** Switch and port as a reservation names them: remote-id (else relay-id) and circuit-id. Null if one of them is missing. */
export function reservationPort(port: PortObservation | null): { switchId: string; circuitId: string } | null {
  if (!port) return null;
  const identity = identityOf(port);
  if (identity.switch.kind === 0 || identity.circuitId === null) return null;
  return { switchId: identity.switch.value, circuitId: identity.circuitId };
}

function relayAgentOf(port: PortObservation): RelayAgent {
  return decodeRelayAgent([Buffer.from(port.option82, 'latin1')], false);
}

function addressText(address: Ipv4): string | null {
  return address === 0 ? null : formatIpv4(address);
}

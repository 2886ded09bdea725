import type { OptionDefinition } from '../dhcpv4/option-type.js';
import { parseOptionType } from '../dhcpv4/option-value.js';

/** Why Option 82 cannot be read. */
export type RelayAgentFault = 'empty' | 'truncated-suboption' | 'overloaded';

/**
 * Option 82 as it came (RFC 3046). `instances` are the values of its TLVs, each of 0-255 bytes, in order; `payload` is their
 * concatenation (RFC 3396). Malformed is not absent: such a packet did claim a port.
 */
export type RelayAgent =
  | { readonly state: 'absent' }
  | {
      readonly state: 'present';
      readonly instances: Buffer[];
      readonly payload: Buffer;
      /** Code to value; the first occurrence of a code wins: where relays append, it is the one next to the client. */
      readonly suboptions: Map<number, Buffer>;
    }
  | {
      readonly state: 'malformed';
      readonly instances: Buffer[];
      readonly payload: Buffer;
      readonly reason: RelayAgentFault;
    };

export const NO_RELAY_AGENT: RelayAgent = { state: 'absent' };

function row(code: number, name: string, type: string, rfc?: number): OptionDefinition {
  return { code, name, type: parseOptionType(type), ...(rfc === undefined ? {} : { rfc }) };
}

/** The registry of sub-options. Those named cisco... were in use before their codes were assigned to others. */
export const RELAY_AGENT_SUBOPTIONS = {
  circuitId: row(1, 'circuit-id', 'string', 3046),
  remoteId: row(2, 'remote-id', 'string', 3046),
  docsisDeviceClass: row(4, 'docsis-device-class', 'unsigned integer 32', 3256),
  linkSelection: row(5, 'link-selection', 'ip-address', 3527),
  subscriberId: row(6, 'subscriber-id', 'string', 3993),
  radiusAttributes: row(7, 'radius-attributes', 'hex string', 4014),
  authentication: row(8, 'authentication', 'hex string', 4030),
  vendorSpecific: row(9, 'vendor-specific', 'array of { unsigned integer 32, counted string }', 4243),
  flags: row(10, 'flags', 'unsigned integer 8', 5010),
  serverIdentifierOverride: row(11, 'server-identifier-override', 'ip-address', 5107),
  relayId: row(12, 'relay-id', 'hex string', 6925),
  accessTechnologyType: row(13, 'access-technology-type', '{ unsigned integer 8, unsigned integer 8 }', 7839),
  networkName: row(14, 'access-network-name', 'string', 7839),
  accessPointName: row(15, 'access-point-name', 'string', 7839),
  accessPointBssid: row(16, 'access-point-bssid', 'hex string', 7839),
  operatorId: row(17, 'operator-id', 'unsigned integer 32', 7839),
  operatorRealm: row(18, 'operator-realm', 'string', 7839),
  relaySourcePort: row(19, 'relay-source-port', 'empty', 8357),
  ciscoLinkSelection: row(150, 'cisco-link-selection', 'ip-address'),
  virtualSubnetSelection: row(151, 'virtual-subnet-selection', '{ unsigned integer 8, string }', 6607),
  virtualSubnetSelectionControl: row(152, 'virtual-subnet-selection-control', 'empty', 6607),
  ciscoVpnId: row(151, 'cisco-vpn-id', 'string'),
  ciscoServerIdentifierOverride: row(152, 'cisco-server-identifier-override', 'ip-address'),
} as const satisfies Record<string, OptionDefinition>;

const BY_CODE = new Map<number, OptionDefinition>();
for (const definition of Object.values(RELAY_AGENT_SUBOPTIONS)) {
  if (!BY_CODE.has(definition.code)) BY_CODE.set(definition.code, definition);
}

/** The definition of a sub-option code, undefined if the registry has none. */
export function suboptionByCode(code: number): OptionDefinition | undefined {
  return BY_CODE.get(code);
}

/** The value of a sub-option; undefined if it is not there, or Option 82 is absent or malformed. */
export function suboption(relayAgent: RelayAgent, code: number): Buffer | undefined {
  return relayAgent.state === 'present' ? relayAgent.suboptions.get(code) : undefined;
}

/**
 * Reads Option 82 from the values of its instances (RFC 3046 section 2.0). Never throws. `overloaded`: an instance was in
 * sname or file, where no relay may put it (section 2.1) but a client can.
 */
export function decodeRelayAgent(instances: Buffer[], overloaded: boolean): RelayAgent {
  const payload = instances.length === 1 ? instances[0]! : Buffer.concat(instances);
  if (overloaded) return { state: 'malformed', instances, payload, reason: 'overloaded' };
  if (payload.length === 0) return { state: 'malformed', instances, payload, reason: 'empty' };
  const suboptions = new Map<number, Buffer>();
  let offset = 0;
  while (offset < payload.length) {
    const start = offset + 2;
    // A code without its length byte gives NaN, which is not inside the payload either.
    const end = start + payload[offset + 1]!;
    if (!(end <= payload.length)) return { state: 'malformed', instances, payload, reason: 'truncated-suboption' };
    const code = payload[offset]!;
    if (!suboptions.has(code)) suboptions.set(code, payload.subarray(start, end));
    offset = end;
  }
  return { state: 'present', instances, payload, suboptions };
}

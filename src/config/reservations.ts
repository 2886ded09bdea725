import { toText } from '../base/text.js';
import { broadcastOf, contains, formatIpv4, formatSubnet, type Ipv4, type Subnet } from '../net/ipv4.js';
import type { OptionRegistry } from '../protocol/dhcpv4/options.js';
import type { ReservationMatch, ReservationSettings } from '../server/settings.js';
import type { SwitchSettings } from '../trail/settings.js';
import { readScope, type Scope, scoped } from './scope.js';
import type { ReservationValues } from './server-keys.js';
import type { YamlPath } from './yaml-path.js';

const ETHERNET = 1;
const MATCH_HINT = 'write one of mac, client-id, or switch with port';

/** What a reservation is checked against. */
export interface ReservationContext {
  readonly subnet: Subnet;
  /** The scope that an address inherits from: its pool, else the subnet. */
  readonly scopeOf: (address: Ipv4) => Scope;
  readonly registry: OptionRegistry;
  readonly switches: readonly SwitchSettings[];
}

/** Reservations read so far. A client may have one on each link; an address may have one in all. */
export class ReservationsSeen {
  readonly addresses = new Map<Ipv4, YamlPath>();
  readonly matchers = new Map<string, YamlPath>();
}

/** Reads a reservation; undefined if it cannot be used. */
export function readReservation(
  values: ReservationValues,
  context: ReservationContext,
  seen: ReservationsSeen,
  link: string,
): ReservationSettings | undefined {
  const match = readMatch(values, context.switches);
  const address = checkedAddress(values, context.subnet, seen);
  if (match) checkMatcher(match, values.at, seen, link);
  const outer = context.scopeOf(address ?? context.subnet.network);
  const scope = scoped(readScope(values, outer, context.registry));
  if (!match || address === undefined) return undefined;
  return { match, address, ...(values.hostname === undefined ? {} : { hostname: values.hostname }), ...scope };
}

function readMatch(values: ReservationValues, switches: readonly SwitchSettings[]): ReservationMatch | undefined {
  const { mac, 'client-id': clientId, switch: named, port: circuitId, at } = values;
  const ways = [
    values.written.has('mac'),
    values.written.has('client-id'),
    values.written.has('switch') || values.written.has('port'),
  ].filter(Boolean).length;
  if (ways !== 1) {
    const problem =
      ways === 0 ? 'the reservation is for nobody' : 'the reservation names its client in more than one way';
    return at.fault(problem, undefined, MATCH_HINT);
  }
  if (values.written.has('switch') !== values.written.has('port')) {
    return at.fault(
      `the reservation has ${values.written.has('port') ? 'port without switch' : 'switch without port'}`,
      undefined,
      MATCH_HINT,
    );
  }
  if (mac) return { by: 'mac', htype: ETHERNET, mac };
  if (clientId) return { by: 'client-id', clientId };
  if (!named || !circuitId) return undefined;
  const known = switches.find(({ name }) => name !== undefined && named.equals(Buffer.from(name)));
  if (known?.id.by === 'giaddr') {
    const hint = 'name a switch that sends a remote-id or a relay-id, or reserve by mac or client-id';
    return at.key('switch').fault('is a switch that is known by its giaddr alone', toText(named), hint);
  }
  return { by: 'port', switchId: known?.id.value ?? named, circuitId };
}

function checkedAddress(values: ReservationValues, subnet: Subnet, seen: ReservationsSeen): Ipv4 | undefined {
  const { address } = values;
  if (address === undefined) return undefined;
  const at = values.at.key('address');
  const text = formatIpv4(address);
  if (!contains(subnet, address)) {
    return at.fault(
      `is not in the subnet ${formatSubnet(subnet)}`,
      text,
      'move it to its subnet, or change the address',
    );
  }
  if (subnet.prefix < 31 && (address === subnet.network || address === broadcastOf(subnet))) {
    const noun = address === subnet.network ? 'network' : 'broadcast';
    return at.fault(`is the ${noun} address of ${formatSubnet(subnet)}`, text, 'reserve an address of a host');
  }
  const before = seen.addresses.get(address);
  if (before) at.fault(`is already reserved by ${before.path}`, text, 'give one of the two another address');
  else seen.addresses.set(address, values.at);
  return address;
}

function checkMatcher(match: ReservationMatch, at: YamlPath, seen: ReservationsSeen, link: string): void {
  const shown =
    match.by === 'mac' ? [match.mac] : match.by === 'client-id' ? [match.clientId] : [match.switchId, match.circuitId];
  const key = `${link}\n${match.by}\n${shown.map((part) => part.toString('hex')).join('\n')}`;
  const before = seen.matchers.get(key);
  if (!before) seen.matchers.set(key, at);
  else {
    const who = shown.map((part) => toText(part)).join(' ');
    at.fault(`has a reservation on this link already: ${before.path}`, who, 'remove one of the two');
  }
}

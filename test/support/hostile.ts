import { formatIpv4 } from '../../src/net/ipv4.js';
import { OPTION } from '../../src/protocol/dhcpv4/codes.js';
import type { DhcpMessage } from '../../src/protocol/dhcpv4/message.js';
import { header } from '../protocol/dhcpv4/packets.js';
import { encodeRequest, TYPE } from './lab.js';
import type { Random } from './random.js';

/** Values that mean something to the decoder: pad, END, overload, Option 82, lengths at the edges. */
const TELLING = [0, 1, 2, 3, 52, 82, 127, 128, 254, 255];

/** Random bytes, mostly after a valid header. */
export function randomDatagram(random: Random): Buffer {
  const noise = Buffer.alloc(random(700));
  for (let i = 0; i < noise.length; i++) noise[i] = random(3) === 0 ? TELLING[random(TELLING.length)]! : random(256);
  return random(4) === 0 ? noise : Buffer.concat([header(), noise.subarray(0, random(noise.length + 1))]);
}

/** A real packet with up to eight bytes changed, runs moved or repeated, and sometimes an end cut off. */
export function mutate(packet: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(packet);
  for (let n = 1 + random(8); n > 0; n--) {
    const at = random(4) === 0 ? random(bytes.length) : 240 + random(Math.max(1, bytes.length - 240));
    const kind = random(3);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes[at] = TELLING[random(TELLING.length)]!;
    else bytes.copyWithin(at, random(bytes.length), bytes.length - random(40));
  }
  return random(4) === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes;
}

/** What a hostile sender knows about a server. */
export interface KnownServer {
  readonly serverId: string;
  readonly relays: readonly string[];
  /** Addresses that the server gives out, and some that it does not. */
  readonly addresses: readonly string[];
}

/** Clients that a hostile sender plays. */
const CLIENTS = 200;
/** Payloads of Option 82: sound, empty, cut off, overlong. */
const RELAY_AGENT_PAYLOADS = ['0102abcd', '0104706f7274020473776131', '', '01', '01ff00', '0100', '52'.repeat(300)];

/** A well-formed request of any type, for any address, from any of many clients, through any relay: forged, replayed, starving. */
export function forgedRequest({ serverId, relays, addresses }: KnownServer, random: Random): Buffer {
  const one = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const maybe = <T>(value: T): T | undefined => (random(2) === 0 ? value : undefined);
  const sketch: Record<string, unknown> = {
    type: random(5) === 0 ? random(20) : 1 + random(8),
    xid: random(0x1_0000_0000),
    mac: `0266000000${random(CLIENTS).toString(16).padStart(2, '0')}`,
    flags: one([0, 0x8000, 0xffff]),
    giaddr: maybe(one(relays)),
    ciaddr: maybe(one(addresses)),
    requested: maybe(one(addresses)),
    serverId: maybe(one([serverId, '192.0.2.1'])),
    option82: maybe(one(RELAY_AGENT_PAYLOADS)),
    clientId: random(4) === 0 ? `ff${random(8)}0` : undefined,
  };
  const given = Object.entries(sketch).filter(([, value]) => value !== undefined);
  return encodeRequest(Object.fromEntries(given) as unknown as Parameters<typeof encodeRequest>[0]);
}

/**
 * A hostile sender's next request after a reply, if any: it accepts three of four offers, which exhausts the pool, and releases or declines
 * every other address.
 */
export function followUp(reply: DhcpMessage, random: Random): Buffer | undefined {
  const type = reply.options.get(OPTION.messageType)?.[0];
  const clientId = reply.options.get(OPTION.clientIdentifier);
  const address = formatIpv4(reply.yiaddr);
  const same = {
    xid: reply.xid,
    mac: reply.chaddr.toString('hex'),
    giaddr: formatIpv4(reply.giaddr),
    serverId: formatIpv4(reply.options.get(OPTION.serverIdentifier)!.readUInt32BE()),
    ...(clientId ? { clientId: clientId.toString('hex') } : {}),
  };
  const turn = random(4);
  if (type === TYPE.offer && turn > 0) return encodeRequest({ ...same, type: TYPE.request, requested: address });
  if (type === TYPE.ack && turn === 0) return encodeRequest({ ...same, type: TYPE.decline, requested: address });
  if (type === TYPE.ack && turn === 1) return encodeRequest({ ...same, type: TYPE.release, ciaddr: address });
  return undefined;
}

/** Random bytes, mutated packets, and requests that are forged: sound or mutated. */
export function hostileDatagram(packets: readonly Buffer[], random: Random, server?: KnownServer): Buffer {
  const kind = random(server ? 5 : 3);
  if (kind === 0) return randomDatagram(random);
  if (kind < 3) return mutate(packets[random(packets.length)]!, random);
  const forged = forgedRequest(server!, random);
  return kind === 3 ? forged : mutate(forged, random);
}

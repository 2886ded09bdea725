import { formatIpv4, type Ipv4 } from '../../net/ipv4.js';
import { MESSAGE_TYPE, OPTION } from '../../protocol/dhcpv4/codes.js';
import { encodeMessage } from '../../protocol/dhcpv4/encode.js';
import { type DhcpMessage, decodeMessage } from '../../protocol/dhcpv4/message.js';
import type { AccessSwitch } from './access-switch.js';
import { openUdp, type UdpPort } from './udp-port.js';

const WAIT_MS = 2000;
/** Subnet mask, router, DNS. */
const PARAMETERS = Uint8Array.of(1, 3, 6);

/** Address and port of the server, for unicast. */
export interface ServerAddress {
  address: Ipv4;
  port: number;
  clientPort: number;
}

/** A DHCP client on a port of a switch. It speaks DHCP over UDP as a real one does. */
export class DemoClient {
  readonly name: string;
  readonly #hwaddr: Buffer;
  readonly #server: ServerAddress;
  #plug: { at: AccessSwitch; port: number };
  #address: Ipv4 = 0;
  #socket: UdpPort | undefined;
  #xid: number;

  constructor(name: string, number: number, server: ServerAddress, at: AccessSwitch, port: number) {
    this.name = name;
    this.#hwaddr = Buffer.from([2, 0, 0, 0, 0, number]);
    this.#server = server;
    this.#plug = { at, port };
    this.#xid = number * 0x10000;
  }

  get address(): string {
    return formatIpv4(this.#address);
  }

  /** `sw-a port 3`. */
  get place(): string {
    return `${this.#plug.at.name} port ${this.#plug.port}`;
  }

  /** DISCOVER, OFFER, REQUEST, ACK through the relay of the switch. */
  async boot(): Promise<void> {
    const offer = await this.#relayed(MESSAGE_TYPE.discover, MESSAGE_TYPE.offer, {});
    const ack = await this.#relayed(MESSAGE_TYPE.request, MESSAGE_TYPE.ack, {
      requested: offer.yiaddr,
      serverId: offer.options.get(OPTION.serverIdentifier),
    });
    await this.#bind(ack.yiaddr);
  }

  /** Moves the cable to another port. The link was down, so the client asks for its address again (INIT-REBOOT). */
  async moveTo(at: AccessSwitch, port: number): Promise<void> {
    this.#plug = { at, port };
    await this.#relayed(MESSAGE_TYPE.request, MESSAGE_TYPE.ack, { requested: this.#address });
  }

  /** Unicast from the leased address to the server: no relay on the way, no Option 82. */
  async renew(): Promise<void> {
    const reply = this.#socket!.next(WAIT_MS);
    this.#unicast(MESSAGE_TYPE.request, {});
    const type = decodeMessage(await reply).options.get(OPTION.messageType)?.[0];
    if (type !== MESSAGE_TYPE.ack) throw new Error(`${this.name}: renewal answered with message type ${type}`);
  }

  release(): void {
    this.#unicast(MESSAGE_TYPE.release, { serverId: this.#serverId() });
  }

  close(): void {
    this.#socket?.close();
  }

  async #relayed(type: number, expected: number, fields: Fields): Promise<DhcpMessage> {
    this.#xid += 1;
    const bytes = this.#encode(type, 0, fields);
    const reply = await this.#plug.at.exchange(bytes, this.#plug.port, this.#xid, WAIT_MS);
    const got = reply.options.get(OPTION.messageType)?.[0];
    if (got !== expected) throw new Error(`${this.name}: message type ${got} instead of ${expected}`);
    return reply;
  }

  #unicast(type: number, fields: Fields): void {
    this.#xid += 1;
    this.#socket!.send(this.#encode(type, this.#address, fields), this.#server.address, this.#server.port);
  }

  async #bind(address: Ipv4): Promise<void> {
    this.#address = address;
    this.#socket = await openUdp(address, this.#server.clientPort);
  }

  #serverId(): Buffer {
    return addressBytes(this.#server.address);
  }

  #encode(type: number, ciaddr: Ipv4, fields: Fields): Buffer {
    const options: [number, Uint8Array][] = [
      [OPTION.messageType, Uint8Array.of(type)],
      [OPTION.clientIdentifier, Buffer.concat([Uint8Array.of(1), this.#hwaddr])],
      [OPTION.hostName, Buffer.from(this.name)],
      [OPTION.parameterRequestList, PARAMETERS],
    ];
    if (fields.requested !== undefined) options.push([OPTION.requestedAddress, addressBytes(fields.requested)]);
    if (fields.serverId !== undefined) options.push([OPTION.serverIdentifier, fields.serverId]);
    const header = { op: 1, htype: 1, hlen: 6, hops: 0, secs: 0, flags: 0, yiaddr: 0, siaddr: 0, giaddr: 0 };
    return encodeMessage({ ...header, xid: this.#xid, ciaddr, chaddr: this.#hwaddr, options }, 548).bytes;
  }
}

interface Fields {
  requested?: Ipv4;
  serverId?: Uint8Array | undefined;
}

function addressBytes(address: Ipv4): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(address);
  return bytes;
}

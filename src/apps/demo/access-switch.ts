import { formatIpv4, type Ipv4 } from '../../net/ipv4.js';
import { encodeMessage } from '../../protocol/dhcpv4/encode.js';
import { type DhcpMessage, decodeMessage } from '../../protocol/dhcpv4/message.js';
import { decodeRelayAgent } from '../../protocol/relay-agent/relay-agent.js';
import { openUdp, type UdpPort } from './udp-port.js';

const SUBOPTION = { circuitId: 1, remoteId: 2 } as const;

/** An access switch with a DHCP relay. It adds Option 82 to its clients' messages and passes the replies back. */
export class AccessSwitch {
  readonly name: string;
  readonly #giaddr: Ipv4;
  readonly #socket: UdpPort;
  readonly #server: { address: Ipv4; port: number };
  readonly #option82: (port: number) => { circuitId: Buffer; remoteId: Buffer };

  private constructor(parts: SwitchParts, socket: UdpPort) {
    this.name = parts.name;
    this.#giaddr = parts.giaddr;
    this.#server = parts.server;
    this.#option82 = parts.option82;
    this.#socket = socket;
  }

  /** The relay listens on its own address and the server's port, where replies to relays go. */
  static async open(parts: SwitchParts): Promise<AccessSwitch> {
    return new AccessSwitch(parts, await openUdp(parts.giaddr, parts.server.port));
  }

  /** Relays a message of the client on a port. Resolves with the reply to that transaction. */
  async exchange(bytes: Uint8Array, port: number, xid: number, timeoutMs: number): Promise<DhcpMessage> {
    const reply = this.#socket.next(timeoutMs);
    this.#socket.send(this.#relay(bytes, port), this.#server.address, this.#server.port);
    const message = decodeMessage(await reply);
    if (message.xid !== xid)
      throw new Error(`${this.name} (${formatIpv4(this.#giaddr)}): reply to another transaction`);
    return message;
  }

  close(): void {
    this.#socket.close();
  }

  #relay(bytes: Uint8Array, port: number): Buffer {
    const message = decodeMessage(bytes);
    const { circuitId, remoteId } = this.#option82(port);
    const payload = Buffer.concat([tlv(SUBOPTION.circuitId, circuitId), tlv(SUBOPTION.remoteId, remoteId)]);
    const relayAgent = decodeRelayAgent([payload], false);
    const options = [...message.options];
    return encodeMessage({ ...message, hops: message.hops + 1, giaddr: this.#giaddr, options, relayAgent }, 1472).bytes;
  }
}

export interface SwitchParts {
  name: string;
  giaddr: Ipv4;
  server: { address: Ipv4; port: number };
  /** The circuit-id of a port, as this make of switch writes it. */
  option82: (port: number) => { circuitId: Buffer; remoteId: Buffer };
}

function tlv(code: number, value: Buffer): Buffer {
  return Buffer.concat([Uint8Array.of(code, value.length), value]);
}

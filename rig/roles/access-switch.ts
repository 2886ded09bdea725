import { option82Of, type PortLabel } from './labels.js';
import { insertOption82, isReply, isRequest, readUdpFrame, removeOption82, withoutChecksum } from './option82-frame.js';

/** Where a frame leaves: a port, or the uplink. */
export type Outlet = number | 'uplink';

/** What the switch does with a frame: the frame to send, and where. */
export interface Forwarding {
  frame: Buffer;
  to: Outlet[];
}

/**
 * A layer 2 switch that snoops DHCP. It puts Option 82 into every request of its clients, replaces one that the client sent, and forwards the
 * request to the uplink only. It removes Option 82 from replies and sends them to the port that it names. All other frames are switched by
 * hardware address.
 */
export class AccessSwitch {
  readonly #ports: ReadonlyMap<number, PortLabel>;
  readonly #places = new Map<string, Outlet>();

  constructor(ports: ReadonlyMap<number, PortLabel>) {
    this.#ports = ports;
  }

  /** Decides what to do with a received frame. */
  forward(frame: Buffer, from: Outlet): Forwarding {
    if (frame.length < 14) return { frame, to: [] };
    this.#places.set(frame.toString('hex', 6, 12), from);
    const datagram = readUdpFrame(frame);
    if (!datagram) return { frame, to: this.#outletsFor(frame, from) };
    if (from !== 'uplink' && isRequest(datagram)) return { frame: this.#marked(frame, from), to: ['uplink'] };
    if (from === 'uplink' && isReply(datagram)) return this.#deliver(frame, from);
    return { frame: withoutChecksum(datagram), to: this.#outletsFor(frame, from) };
  }

  #marked(frame: Buffer, port: number): Buffer {
    const bare = removeOption82(readUdpFrame(frame)!)?.frame ?? frame;
    return insertOption82(readUdpFrame(bare)!, option82Of(this.#ports.get(port)!));
  }

  #deliver(frame: Buffer, from: Outlet): Forwarding {
    const reply = removeOption82(readUdpFrame(frame)!);
    if (!reply) return { frame, to: this.#outletsFor(frame, from) };
    const to = [...this.#ports].filter(([, label]) => option82Of(label).equals(reply.payload)).map(([port]) => port);
    return { frame: reply.frame, to };
  }

  #outletsFor(frame: Buffer, from: Outlet): Outlet[] {
    const isGroup = (frame[0]! & 1) === 1;
    const known = isGroup ? undefined : this.#places.get(frame.toString('hex', 0, 6));
    const all: Outlet[] = ['uplink', ...this.#ports.keys()];
    return (known === undefined ? all : [known]).filter((outlet) => outlet !== from);
  }
}

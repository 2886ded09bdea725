import { option82Of, type PortLabel } from './labels.js';
import { insertOption82, isReply, isRequest, readUdpFrame, removeOption82, withoutChecksum } from './option82-frame.js';

/** Where a frame goes out: a port, or the uplink. */
export type Outlet = number | 'uplink';

/** What the switch does with a frame: what goes out, and where. */
export interface Forwarding {
  frame: Buffer;
  to: Outlet[];
}

/**
 * A layer 2 switch that snoops DHCP: it puts Option 82 into every request of its clients, in place of one that the client sent
 * itself, and sends it to the uplink alone; replies go, without Option 82, to the port that their Option 82 names. All else is switched by
 * hardware address.
 */
export class AccessSwitch {
  readonly #ports: ReadonlyMap<number, PortLabel>;
  readonly #places = new Map<string, Outlet>();

  constructor(ports: ReadonlyMap<number, PortLabel>) {
    this.#ports = ports;
  }

  /** Decides about a frame that came in. */
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

/**
 * A program for tests: a layer 2 switch that snoops DHCP. It puts Option 82 (circuit-id of the port, remote-id of the
 * switch) into the broadcast requests of its clients and leaves giaddr 0; replies go to the port that their Option 82
 * names, without it. Everything else is switched by hardware address. Unicast requests pass as they are.
 */

import { messageOf } from '../../src/base/errors.js';
import { loadLibc } from '../../src/net/libc.js';
import {
  insertOption82,
  isReply,
  isRequest,
  readUdpFrame,
  removeOption82,
  withoutChecksum,
} from '../roles/option82-frame.js';
import { LinkPort } from './link-port.js';

export interface SwitchOptions {
  uplink: string;
  remoteId: string;
  /** Interface to circuit-id. */
  ports: Record<string, string>;
}

/** A cable that goes into the switch; the uplink has no circuit-id. */
interface Socket {
  port: LinkPort;
  circuitId: string | undefined;
}

async function main({ uplink, remoteId, ports }: SwitchOptions): Promise<void> {
  const libc = await loadLibc();
  const sockets: Socket[] = [];
  const places = new Map<string, Socket>();
  const up = plug(uplink, undefined);
  for (const [device, circuitId] of Object.entries(ports)) plug(device, circuitId);
  process.stdout.write('switch-ready\n');

  function plug(device: string, circuitId: string | undefined): Socket {
    const socket: Socket = { port: new LinkPort(libc, device, (frame) => forward(frame, socket)), circuitId };
    sockets.push(socket);
    return socket;
  }

  function forward(frame: Buffer, from: Socket): void {
    places.set(frame.toString('hex', 6, 12), from);
    const datagram = readUdpFrame(frame);
    const isBroadcast = (frame[0]! & 1) === 1;
    const isSnooped = datagram && from !== up && isRequest(datagram) && isBroadcast;
    const reply = datagram && from === up && isReply(datagram) ? removeOption82(datagram) : undefined;
    if (isSnooped) up.port.send(insertOption82(datagram, payloadOf(from)));
    else if (reply) sockets.find((socket) => payloadOf(socket).equals(reply.payload))?.port.send(reply.frame);
    else switchOn(datagram ? withoutChecksum(datagram) : frame, isBroadcast, from);
  }

  function switchOn(frame: Buffer, isBroadcast: boolean, from: Socket): void {
    const known = isBroadcast ? undefined : places.get(frame.toString('hex', 0, 6));
    for (const socket of known ? [known] : sockets) if (socket !== from) socket.port.send(frame);
  }

  function payloadOf({ circuitId }: Socket): Buffer {
    return circuitId === undefined ? Buffer.alloc(0) : Buffer.concat([tlv(1, circuitId), tlv(2, remoteId)]);
  }
}

function tlv(code: number, text: string): Buffer {
  return Buffer.from([code, text.length, ...Buffer.from(text, 'latin1')]);
}

main(JSON.parse(process.argv[2]!)).catch((error) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});

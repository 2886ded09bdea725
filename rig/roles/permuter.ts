// Role `permuter`: the patch panel between clients and switches, which moves clients to other ports at intervals. It logs each move, and each
// DHCP request with the port it came from, as one line of JSON, to stdout and to the file LOG. SIGUSR1 ends the moves: clients stay where they
// are. Environment: RIG_CLIENTS, RIG_SWITCHES, RIG_PORTS, RIG_SEED, RIG_INTERVAL (seconds; 0: never).
import { appendFileSync } from 'node:fs';
import { CABLES, Cable, countTo, numberFrom } from './cable.js';
import { isRequest, readUdpFrame } from './option82-frame.js';
import { isSameSocket, type Patch, PatchPanel, type Socket } from './patch-panel.js';
import { randomFrom } from './random.js';

const LOG = '/var/log/permuter.jsonl';
const clients = countTo(numberFrom('RIG_CLIENTS'));
const switches = countTo(numberFrom('RIG_SWITCHES'));
const ports = countTo(numberFrom('RIG_PORTS'));
const seed = numberFrom('RIG_SEED');
const panel = new PatchPanel(clients.length, switches.length, ports.length, randomFrom(seed));
const toClient = new Map<number, Cable>();
const toSocket = new Map<string, Cable>();
let current: Patch = new Map(clients.map((client) => [client, null]));

function log(entry: object): void {
  const line = `${JSON.stringify({ at: Date.now() * 1000, ...entry })}\n`;
  process.stdout.write(line);
  appendFileSync(LOG, line);
}

function apply(patch: Patch): void {
  const changes = [...patch].filter(([client, socket]) => !isSameSocket(socket, current.get(client) ?? null));
  for (const [client, socket] of changes) log({ client, socket });
  current = new Map(patch);
}

function keyOf(socket: Socket): string {
  return `${socket.switch}/${socket.port}`;
}

/** The clients on a port; several share it like on a hub. */
function clientsAt(socket: Socket): number[] {
  return clients.filter((client) => isSameSocket(current.get(client) ?? null, socket));
}

function fromClient(client: number, frame: Buffer): void {
  const socket = current.get(client);
  if (!socket) return;
  const xid = requestXid(frame);
  if (xid !== undefined) log({ client, socket, xid });
  toSocket.get(keyOf(socket))!.send(frame);
  for (const other of clientsAt(socket)) if (other !== client) toClient.get(other)!.send(frame);
}

/** The transaction id of a frame with a DHCP request. */
function requestXid(frame: Buffer): string | undefined {
  const datagram = readUdpFrame(frame);
  return datagram && isRequest(datagram) ? frame.toString('hex', datagram.udp + 12, datagram.udp + 16) : undefined;
}

for (const client of clients) {
  toClient.set(client, await Cable.plug(CABLES.client(client), (frame) => fromClient(client, frame)));
}
for (const number of switches) {
  for (const port of ports) {
    const socket = { switch: number, port };
    const receive = (frame: Buffer) => clientsAt(socket).forEach((client) => void toClient.get(client)!.send(frame));
    const peer = { host: `switch-${number}`, port: CABLES.switchPort(port) };
    toSocket.set(keyOf(socket), await Cable.plug(CABLES.panel(number, port), receive, peer));
  }
}

log({ seed, clients: clients.length, switches: switches.length, ports: ports.length });
apply(panel.patch);
const interval = numberFrom('RIG_INTERVAL');
const timer = interval > 0 ? setInterval(() => apply(panel.turn()), interval * 1000) : undefined;
process.on('SIGUSR1', () => clearInterval(timer));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));

/**
 * A program for tests: sends DISCOVERs of ever new clients on one port of a relay, at a rate, until it is ended. Its
 * arguments are SOURCE SERVER PORT RATE, its output the number it has sent, once a second.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { encodeRequest, option82, TYPE } from '../../support/lab.js';

const [source, server, port, rate] = process.argv.slice(2) as [string, string, string, string];
const TICK_MS = 5;

const socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });
const listening = once(socket, 'listening');
socket.bind(0, source);
await listening;
socket.setSendBufferSize(4 << 20);

const MODEL = encodeRequest({
  type: TYPE.discover,
  xid: 0,
  mac: '060000000000',
  giaddr: source,
  option82: option82('flood', 'sw'),
});

/** The same DISCOVER of another client. */
function datagram(number: number): Buffer {
  const bytes = Buffer.from(MODEL);
  bytes.writeUInt32BE(number, 4);
  bytes.writeUInt32BE(number, 30);
  return bytes;
}

let sent = 0;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  // What a busy machine kept it from sending is not made up for later
  const due = Math.round((Math.min(now - last, 4 * TICK_MS) / 1000) * Number(rate));
  last = now;
  for (let i = 0; i < due; i++) socket.send(datagram(sent++), Number(port), server);
}, TICK_MS);
setInterval(() => process.stdout.write(`${sent}\n`), 1000);

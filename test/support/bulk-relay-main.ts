// Started by bulk-relay.ts on a host: sends requests as a relay does and reports the replies, over a Unix socket, one line of JSON each.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { formatIpv4 } from '../../src/net/ipv4.js';
import { OPTION } from '../../src/protocol/dhcpv4/codes.js';
import { decodeMessage } from '../../src/protocol/dhcpv4/message.js';
import type { BulkAnswer, BulkJob } from './bulk-relay.js';
import { encodeRequest } from './lab.js';

const PORT = 67;
/** Between two requests. */
const PACE_MS = 2;

const [address, path] = process.argv.slice(2) as [string, string];
let answers: BulkAnswer[] = [];

const udp = createSocket('udp4');
udp.bind(PORT, address);
await once(udp, 'listening');
udp.on('message', (bytes, { address: server }) => {
  const { xid, yiaddr, options } = decodeMessage(bytes);
  const type = options.get(OPTION.messageType)![0]!;
  const seconds = options.get(OPTION.leaseTime)?.readUInt32BE(0) ?? null;
  answers.push({ xid, server, type, address: formatIpv4(yiaddr), seconds });
});
const server = createServer((socket) => {
  createInterface({ input: socket }).on('line', async (line) => {
    const told = await work(JSON.parse(line) as BulkJob);
    socket.write(`${JSON.stringify(told)}\n`);
  });
});
server.listen(path, () => console.log('relay-ready'));

async function work({ direct, requests, waitMs }: BulkJob): Promise<BulkAnswer[]> {
  answers = [];
  const asked = new Set(requests.map(({ xid }) => xid));
  for (const { to, ...request } of requests) {
    const bytes = encodeRequest(direct ? request : { ...request, giaddr: address });
    for (const one of to) udp.send(bytes, PORT, one);
    await pause(PACE_MS);
  }
  const deadline = Date.now() + waitMs;
  while (new Set(answers.map(({ xid }) => xid)).size < asked.size && Date.now() < deadline) await pause(10);
  // Also report replies from servers that were not asked
  await pause(50);
  return answers.filter(({ xid }) => asked.has(xid));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

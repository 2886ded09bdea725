/**
 * A program for tests: opens the endpoints that its argument tells, writes one JSON line per thing that happens, and
 * answers each DISCOVER and REQUEST with the address ending in .100 of the endpoint's network, by the rules of RFC 2131
 * section 4.1.
 */
import { messageOf } from '../../src/base/errors.js';
import { formatIpv4, type Ipv4, netmask, parseIpv4 } from '../../src/net/ipv4.js';
import { Endpoint, type ReceivedDatagram } from '../../src/net/udp.js';

export interface ResponderOptions {
  endpoints: { address?: string; interface?: string }[];
  port: number;
  clientPort: number;
  /** Sends something there when ready. */
  sendTo?: string;
  /** Sends a broadcast from the first endpoint when ready. */
  broadcast?: boolean;
  /** Closes the first endpoint before it is ready. */
  closeFirst?: boolean;
}

export type ResponderLine =
  | { ready: { interface: string | undefined; directUnavailable: string | null; unicastUnavailable: string | null }[] }
  | { refused: string; hint: string | undefined }
  | { received: { endpoint: string; source: string; viaBroadcast: boolean; type: number | undefined } }
  | { fault: { operation: string; code: string; destination?: string } };

function write(line: ResponderLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function optionsOf(message: Buffer): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  for (let at = 240; at + 1 < message.length && message[at] !== 255; at += 2 + message[at + 1]!)
    options.set(message[at]!, message.subarray(at + 2, at + 2 + message[at + 1]!));
  return options;
}

function answer(request: Buffer, type: number, server: Ipv4, yiaddr: Ipv4): Buffer {
  const header = Buffer.concat([request.subarray(0, 236), Buffer.from('63825363', 'hex')]);
  header[0] = 2;
  header.writeUInt32BE(yiaddr, 16);
  const [serverId, time, mask] = [Buffer.alloc(4), Buffer.alloc(4), Buffer.alloc(4)];
  serverId.writeUInt32BE(server);
  time.writeUInt32BE(60);
  mask.writeUInt32BE(netmask(24));
  const options = [[53, 1, type], [54, 4, ...serverId], [51, 4, ...time], [1, 4, ...mask], [255]];
  return Buffer.concat([header, Buffer.from(options.flat()), Buffer.alloc(40)]);
}

function onDatagram({ bytes, source, viaBroadcast, endpoint }: ReceivedDatagram): void {
  const type = optionsOf(bytes).get(53)?.[0];
  const place = formatIpv4(endpoint.address);
  write({ received: { endpoint: place, source: formatIpv4(source), viaBroadcast, type } });
  const replyType = type === 1 ? 2 : type === 3 ? 5 : undefined;
  if (replyType === undefined) return;
  const yiaddr = ((endpoint.address & netmask(24)) | 100) >>> 0;
  const reply = answer(bytes, replyType, endpoint.address, yiaddr);
  const [flags, ciaddr] = [bytes.readUInt16BE(10), bytes.readUInt32BE(12)];
  if (ciaddr !== 0) endpoint.sendTo(ciaddr, 68, reply);
  else if (flags & 0x8000) endpoint.sendDirect('broadcast', reply);
  else endpoint.sendDirect({ hwaddr: bytes.subarray(28, 34), htype: bytes[1]!, yiaddr }, reply);
}

async function main(options: ResponderOptions): Promise<void> {
  const endpoints: Endpoint[] = [];
  for (const { address, ...rest } of options.endpoints) {
    const place = address === undefined ? rest : { ...rest, address: parseIpv4(address) };
    const ports = { port: options.port, clientPort: options.clientPort };
    endpoints.push(await Endpoint.open({ ...place, ...ports }, onDatagram, (fault) => write({ fault })));
  }
  if (options.closeFirst) await endpoints.shift()!.close();
  write({
    ready: endpoints.map((endpoint) => ({
      interface: endpoint.interface,
      directUnavailable: endpoint.directUnavailable ?? null,
      unicastUnavailable: endpoint.unicastUnavailable ?? null,
    })),
  });
  if (options.sendTo) endpoints[0]!.sendTo(parseIpv4(options.sendTo), 68, Buffer.from('probe'));
  if (options.broadcast) endpoints[0]!.sendDirect('broadcast', Buffer.from('probe'));
}

main(JSON.parse(process.argv[2]!)).catch((error) => {
  write({ refused: messageOf(error), hint: error.hint });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AccessSwitch } from '../../rig/roles/access-switch.js';
import { option82Of, portLabel } from '../../rig/roles/labels.js';
import { readUdpFrame, removeOption82 } from '../../rig/roles/option82-frame.js';
import { isSameSocket, PatchPanel } from '../../rig/roles/patch-panel.js';
import { randomFrom } from '../../rig/roles/random.js';

const CLIENT = '020000000001';
const GATEWAY = '020000000100';
const BROADCAST = 'ffffffffffff';
const LABELS = new Map([1, 2, 3].map((port) => [port, portLabel(2, port)]));

/** An Ethernet frame with a UDP datagram; the message has a DHCP header and these options. */
function frame(to: string, from: string, ports: [number, number], options: number[]): Buffer {
  const message = Buffer.concat([Buffer.alloc(240), Buffer.from([...options, 255])]);
  const head = Buffer.alloc(42);
  Buffer.from(to + from, 'hex').copy(head);
  head.writeUInt16BE(0x0800, 12);
  head[14] = 0x45;
  head.writeUInt16BE(28 + message.length, 16);
  head[23] = 17;
  head.writeUInt16BE(ports[0], 34);
  head.writeUInt16BE(ports[1], 36);
  head.writeUInt16BE(8 + message.length, 38);
  return Buffer.concat([head, message]);
}

function option82In(bytes: Buffer): string | undefined {
  return removeOption82(readUdpFrame(bytes)!)?.payload.toString('hex');
}

describe('The access switch of the rig', () => {
  const own = option82Of(portLabel(2, 3)).toString('hex');

  it('puts Option 82 into requests, broadcast or not, in place of a forged one, and sends them to the uplink alone', () => {
    const forged = [82, 4, 1, 2, 0x66, 0x66];
    for (const [to, options] of [
      [BROADCAST, []],
      [GATEWAY, []],
      [BROADCAST, forged],
    ] as [string, number[]][]) {
      const out = new AccessSwitch(LABELS).forward(frame(to, CLIENT, [68, 67], options), 3);
      assert.deepEqual(out.to, ['uplink']);
      assert.equal(option82In(out.frame), own);
    }
  });

  it('sends replies without Option 82 to the port that it names, and to none if it names another switch', () => {
    const reply = (number: number) => {
      const payload = option82Of(portLabel(number, 3));
      return frame(BROADCAST, GATEWAY, [67, 68], [82, payload.length, ...payload]);
    };
    const out = new AccessSwitch(LABELS).forward(reply(2), 'uplink');
    assert.deepEqual(out.to, [3]);
    assert.equal(option82In(out.frame), undefined);
    assert.deepEqual(new AccessSwitch(LABELS).forward(reply(4), 'uplink').to, []);
  });

  it('learns where a hardware address is, and floods what it does not know', () => {
    const device = new AccessSwitch(LABELS);
    const arp = (to: string, from: string) => Buffer.concat([Buffer.from(`${to}${from}0806`, 'hex'), Buffer.alloc(28)]);
    assert.deepEqual(device.forward(arp(BROADCAST, CLIENT), 2).to, ['uplink', 1, 3]);
    assert.deepEqual(device.forward(arp(CLIENT, GATEWAY), 'uplink').to, [2]);
    device.forward(arp(GATEWAY, CLIENT), 1);
    assert.deepEqual(device.forward(arp(CLIENT, GATEWAY), 'uplink').to, [1]);
  });
});

describe('The port permuter of the rig', () => {
  it('plugs as the seed wills, and lets clients share a port only if it must', () => {
    const numbers = fc.record({
      clients: fc.integer({ min: 1, max: 8 }),
      switches: fc.integer({ min: 1, max: 3 }),
      ports: fc.integer({ min: 1, max: 4 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(numbers, ({ clients, switches, ports, seed }) => {
        const [one, other] = [1, 2].map(() => new PatchPanel(clients, switches, ports, randomFrom(seed)));
        for (let turn = 0; turn < 10; turn++) {
          assert.deepEqual(one!.turn(), other!.turn());
          assert.equal(one!.patch.size, clients);
        }
        const fresh = new PatchPanel(clients, switches, ports, randomFrom(seed)).patch;
        const used = [...fresh.values()].map((socket) => `${socket!.switch}/${socket!.port}`);
        assert.equal(new Set(used).size, Math.min(clients, switches * ports));
      }),
    );
  });

  it('moves and unplugs single clients, too', () => {
    const panel = new PatchPanel(6, 2, 3, randomFrom(1));
    const changes = new Map<number, number>();
    let unplugged = 0;
    for (let turn = 0; turn < 200; turn++) {
      const before = panel.patch;
      const after = panel.turn();
      const count = [...after].filter(([client, socket]) => !isSameSocket(socket, before.get(client)!)).length;
      changes.set(count, (changes.get(count) ?? 0) + 1);
      unplugged += [...after.values()].filter((socket) => socket === null).length;
    }
    assert.ok(changes.get(1)! > 20 && changes.get(6)! > 20, [...changes].join(' '));
    assert.ok(unplugged > 10);
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addressRange, bytes, subnet } from '../../src/config/addresses.js';
import { duration, size } from '../../src/config/scalars.js';
import type { Kind } from '../../src/config/schema.js';
import { type Findings, YamlPath } from '../../src/config/yaml-path.js';
import { broadcastOf, contains, formatIpv4, formatSubnet, netmask } from '../../src/net/ipv4.js';

const MAX = 0xffffffff;
const ipv4 = fc.integer({ min: 0, max: MAX });

/** The value, and the number of faults. */
function read<T>(kind: Kind<T>, value: unknown): [T | undefined, number] {
  const findings: Findings = { faults: [], secrets: new Map() };
  return [kind.read(value, new YamlPath(findings)), findings.faults.length];
}

describe('Values of the configuration', () => {
  it('are durations in seconds, whatever their unit (property)', () => {
    const units = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;
    const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]));
    fc.assert(
      fc.property(fc.nat(6000), unit, (count, letter) => {
        assert.deepEqual(read(duration(0, MAX), `${count}${letter}`), [count * units[letter], 0]);
        assert.deepEqual(read(duration(0, MAX), count), [count, 0]);
      }),
    );
  });

  it('are durations within their limits only (property)', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.nat(1000), (a, b, seconds) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        const good = seconds >= min && seconds <= max;
        assert.deepEqual(read(duration(min, max), seconds), good ? [seconds, 0] : [undefined, 1]);
      }),
    );
  });

  it('are durations or one fault, whatever the text (property)', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.anything()), (value) => {
        const [seconds, faults] = read(duration(1, MAX), value);
        assert.equal(faults, seconds === undefined ? 1 : 0);
        if (typeof value === 'string' && seconds !== undefined) assert.match(value, /^\d+[smhdw]?$/i);
      }),
    );
  });

  it('are sizes in powers of 1024', () => {
    assert.deepEqual(
      [4096, '4096', '4K', '4M', '1G', '4k', '1.5M', 12].map((value) => read(size(1024), value)[0]),
      [4096, 4096, 4096, 4_194_304, 1_073_741_824, undefined, undefined, undefined],
    );
  });

  it('are ranges exactly if the first address is not above the last (property)', () => {
    fc.assert(
      fc.property(ipv4, ipv4, fc.constantFrom('-', ' - '), (first, last, dash) => {
        const expected = first <= last ? [{ first, last }, 0] : [undefined, 1];
        assert.deepEqual(read(addressRange, `${formatIpv4(first)}${dash}${formatIpv4(last)}`), expected);
      }),
    );
  });

  it('are subnets exactly if no bit stands beyond the prefix, and ranges of all their addresses (property)', () => {
    fc.assert(
      fc.property(ipv4, fc.integer({ min: 0, max: 32 }), (address, prefix) => {
        const good = { network: (address & netmask(prefix)) >>> 0, prefix };
        assert.deepEqual(read(subnet, formatSubnet(good)), [good, 0]);
        const [range] = read(addressRange, formatSubnet(good));
        assert.ok(range && contains(good, range.first) && contains(good, range.last));
        assert.deepEqual(range, { first: good.network, last: broadcastOf(good) });
        if (address !== good.network)
          assert.deepEqual(read(subnet, `${formatIpv4(address)}/${prefix}`), [undefined, 1]);
      }),
    );
  });

  it('are bytes as hex, MAC address or text (property)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 255 }), (array) => {
        const buffer = Buffer.from(array);
        assert.deepEqual(read(bytes, `0x${buffer.toString('hex')}`), [buffer, 0]);
        if (buffer.length === 6) {
          assert.deepEqual(read(bytes, buffer.toString('hex').replace(/..(?!$)/g, '$&:')), [buffer, 0]);
        }
      }),
    );
    assert.deepEqual(read(bytes, '02-00-00-00-00-0A')[0], Buffer.from('02000000000a', 'hex'));
    assert.deepEqual(read(bytes, 'Gi1/0/7 ü')[0], Buffer.from('Gi1/0/7 ü'));
    for (const wrong of ['', '0x', '0x123', 'x'.repeat(256), 12, null])
      assert.deepEqual(read(bytes, wrong), [undefined, 1]);
  });
});

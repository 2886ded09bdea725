import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PROFILE_NAMES, type ProfileName } from '../../../src/protocol/relay-agent/profiles.js';
import { decodeRemoteId, type SwitchFields, switchName } from '../../../src/protocol/relay-agent/remote-id.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const ascii = (text: string) => Buffer.from(text, 'latin1');

const VECTORS: [ProfileName, Buffer, SwitchFields | undefined, string][] = [
  ['cisco-ios-base1', hex('0006 001122aabbcc'), { mac: '00:11:22:aa:bb:cc' }, '00:11:22:aa:bb:cc'],
  ['cisco-ios-base1', hex('01 09 73772d6163632d3037'), { text: 'sw-acc-07' }, 'sw-acc-07'],
  ['cisco-ios-base1', hex('001122aabbcc'), undefined, '0x001122aabbcc'],
  ['cisco-ios-base1', hex('0006 001122aabb'), undefined, '0x0006001122aabb'],
  ['hp-procurve', hex('001122aabbcc'), { mac: '00:11:22:aa:bb:cc' }, '00:11:22:aa:bb:cc'],
  ['hp-procurve', hex('c6120001'), { ip: '198.18.0.1' }, '198.18.0.1'],
  ['juniper', ascii('00:11:22:aa:bb:cc'), { mac: '00:11:22:aa:bb:cc' }, '00:11:22:aa:bb:cc'],
  ['huawei-common', ascii('0011-22aa-bbcc'), { mac: '00:11:22:aa:bb:cc' }, '00:11:22:aa:bb:cc'],
  ['huawei-common', ascii('001122AABBCC'), { mac: '00:11:22:aa:bb:cc' }, '00:11:22:aa:bb:cc'],
  ['mikrotik', ascii('bridge1'), { text: 'bridge1' }, 'bridge1'],
  ['mikrotik', ascii('switch'), { text: 'switch' }, 'switch'],
  ['tr-101', ascii('LINE-0042-7781'), { text: 'LINE-0042-7781' }, 'LINE-0042-7781'],
  ['tr-101', hex('1b5b324a'), undefined, '0x1b5b324a'],
];

describe('remote-id', () => {
  for (const [profile, bytes, fields, name] of VECTORS) {
    it(`${profile} reads 0x${bytes.toString('hex')} as ${name}`, () => {
      assert.deepEqual(decodeRemoteId(profile, bytes), fields);
      assert.equal(switchName(profile, bytes), name);
    });
  }

  it('falls back to text or hex without a profile', () => {
    assert.equal(switchName(undefined, ascii('sw-a')), 'sw-a');
    assert.equal(switchName('no-such-profile', hex('00 01')), '0x0001');
  });

  it('gives a printable name to any bytes under any profile', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PROFILE_NAMES), fc.uint8Array({ maxLength: 255 }), (profile, bytes) => {
        assert.match(switchName(profile, bytes), /^[\x20-\x7e]+$/);
      }),
    );
  });
});

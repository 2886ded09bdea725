import assert from 'node:assert/strict';
import fc from 'fast-check';
import { portId, portIdOf, portOf, switchId } from '../../../src/trail/sightings/identity.js';
import { namingOf, PLAIN_NAMING } from '../../../src/trail/store/naming.js';
import { load } from '../../config/support.js';
import { draft } from '../store/campus.js';

const sw = Buffer.from('sw-a');

describe('The identity of switches and ports', () => {
  it('is the remote-id, else the relay-id, else giaddr', () => {
    const all = { remoteId: sw, relayId: Buffer.from('r'), giaddr: '10.0.0.1' };
    const kinds = [
      all,
      { ...all, remoteId: null },
      { ...all, remoteId: null, relayId: null },
      { remoteId: null, relayId: null, giaddr: null },
    ];
    const identities = kinds.map((fields) => portOf(draft('granted', fields))!.switch);
    assert.deepEqual(
      identities.map((id) => [id.kind, id.value.toString()]),
      [
        ['remote-id', 'sw-a'],
        ['relay-id', 'r'],
        ['giaddr', '10.0.0.1'],
        ['direct', ''],
      ],
    );
  });

  it('is none without evidence', () => {
    assert.equal(portOf(draft('granted', { evidence: 'none', circuitId: null, remoteId: null })), null);
  });

  it('never falls together for different bytes, or for bytes and their absence', () => {
    const part = fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes));
    const port = fc.record({
      switch: fc.record({
        kind: fc.constantFrom('remote-id' as const, 'relay-id' as const, 'giaddr' as const),
        value: part,
      }),
      circuitId: fc.option(part),
    });
    const property = fc.property(port, port, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b);
      assert.equal(portId(a).equals(portId(b)), same);
      assert.equal(portId(a).equals(switchId(a.switch)), false);
      assert.equal(portId(a).length, 16);
    });
    fc.assert(property);
  });

  it('is the same where it is remembered as where it is computed, whatever the bytes', () => {
    const bytes = fc.option(fc.stringMatching(/^[0-9 /dgmr]{0,4}$/).map((text) => Buffer.from(text)));
    const fields = fc.record({ remoteId: bytes, relayId: bytes, giaddr: fc.option(fc.ipV4()), circuitId: bytes });
    fc.assert(
      fc.property(fields, (one) => {
        const event = draft('granted', one);
        const id = portId(portOf(event)!);
        assert.deepEqual([portIdOf(event), portIdOf(event)], [id, id]);
        assert.equal(portIdOf({ ...event, evidence: 'none' }), null);
      }),
    );
  });

  it('stays what it is for ever: the trails that exist are made of it', () => {
    const identity = { kind: 'remote-id', value: sw } as const;
    assert.equal(switchId(identity).toString('hex'), '17f38bf102dab7807871336e5d12b4c0');
    assert.equal(
      portId({ switch: identity, circuitId: Buffer.from('p1') }).toString('hex'),
      '85d7df30ae7faa3bade3b5752809f484',
    );
    assert.equal(portId({ switch: identity, circuitId: null }).toString('hex'), '688abe3a2b70c8f70e5237e07db24b7e');
  });
});

describe('Names', () => {
  it('are the printable text of the bytes, else hex', () => {
    const identity = { kind: 'remote-id', value: Buffer.from([0, 6, 1]) } as const;
    assert.equal(PLAIN_NAMING.switchName(identity), '0x000601');
    assert.equal(PLAIN_NAMING.portName(identity, Buffer.from('Gi1/0/1')), 'Gi1/0/1');
    assert.equal(PLAIN_NAMING.portName(identity, null), null);
    assert.equal(PLAIN_NAMING.switchName({ kind: 'direct', value: Buffer.alloc(0) }), null);
  });

  it('are those that the configuration gives to a remote-id, a relay-id or the address of a relay', () => {
    const { switches } = load(
      'switches:\n' +
        '  - { remote-id: "0x000601", name: sw-a }\n' +
        '  - { relay-id: sw-r, name: sw-b }\n' +
        '  - { giaddr: 198.18.1.1, name: sw-c, profile: cisco-ios-base1 }\n',
    );
    const naming = namingOf(switches);
    const port = Buffer.from('00040064010c', 'hex');
    const named = [
      { remoteId: Buffer.from([0, 6, 1]) },
      { remoteId: null, relayId: Buffer.from('sw-r') },
      { remoteId: null, relayId: null, giaddr: '198.18.1.1' },
    ].map((fields) => portOf(draft('granted', { ...fields, circuitId: port }))!);
    assert.deepEqual(
      named.map((one) => naming.switchName(one.switch)),
      ['sw-a', 'sw-b', 'sw-c'],
    );
    assert.notEqual(naming.portName(named[2]!.switch, port), PLAIN_NAMING.portName(named[2]!.switch, port));
  });

  it('of a configured switch are of no other that sends their text', () => {
    const naming = namingOf([
      { id: { by: 'remote-id', value: Buffer.from([0, 6, 1]) }, name: 'sw-a' },
      { id: { by: 'remote-id', value: Buffer.from('sw-b') }, name: 'sw-b' },
      { id: { by: 'remote-id', value: Buffer.from('x') }, name: '198.18.0.1' },
    ]);
    const called = (by: 'remote-id' | 'relay-id' | 'giaddr', text: string) =>
      naming.switchName({ kind: by, value: Buffer.from(text) });
    assert.equal(called('remote-id', 'sw-a'), '0x73772d61');
    assert.equal(called('remote-id', 'sw-a\0'), '0x73772d6100');
    assert.equal(called('relay-id', 'sw-a'), '0x73772d61');
    assert.equal(called('giaddr', '198.18.0.1'), `0x${Buffer.from('198.18.0.1').toString('hex')}`);
    assert.equal(called('remote-id', 'sw-b'), 'sw-b', 'its own text');
    assert.equal(called('relay-id', 'sw-b'), '0x73772d62');
    assert.equal(called('remote-id', 'sw-c'), 'sw-c', 'nobody is called that');
  });

  it('have a fingerprint that tells when a name could change, and is short enough for its column', () => {
    const one = { id: { by: 'remote-id', value: sw }, name: 'A' } as const;
    const two = { id: { by: 'giaddr', value: sw }, name: 'B' } as const;
    assert.equal(namingOf([one, two]).fingerprint, namingOf([two, one]).fingerprint);
    const prints = [[], [one], [two], [one, two], [{ ...one, profile: 'x' }]].map((list) => namingOf(list).fingerprint);
    assert.equal(new Set(prints).size, prints.length);
    assert.ok(prints.every((print) => print.length <= 64));
  });
});

import assert from 'node:assert/strict';
import { decodeMessage } from '../../../src/protocol/dhcpv4/message.js';
import {
  RELAY_AGENT_SUBOPTIONS,
  type RelayAgent,
  suboption,
  suboptionByCode,
} from '../../../src/protocol/relay-agent/relay-agent.js';
import { annotated, withOptions } from '../dhcpv4/packets.js';

function relayAgentOf(hex: string, changes: Record<number, Uint8Array> = {}): RelayAgent {
  return decodeMessage(withOptions(hex, changes)).relayAgent;
}

describe('Option 82', () => {
  it('is absent, present or malformed', () => {
    assert.equal(relayAgentOf('35 01 01 ff').state, 'absent');
    assert.equal(relayAgentOf('52 03 01 01 41 ff').state, 'present');
    assert.equal(relayAgentOf('52 03 01 02 41 ff').state, 'malformed');
  });

  it('is malformed with its bytes and the reason kept', () => {
    const cases = [
      ['52 00 ff', 'empty', ''],
      ['52 01 01 ff', 'truncated-suboption', '01'],
      ['52 02 01 01 ff', 'truncated-suboption', '0101'],
      ['52 05 01 01 41 02 01 ff', 'truncated-suboption', '0101410201'],
    ] as const;
    for (const [hex, reason, payload] of cases) {
      const bytes = Buffer.from(payload, 'hex');
      assert.deepEqual(relayAgentOf(hex), { state: 'malformed', reason, payload: bytes, instances: [bytes] });
    }
  });

  it('is malformed in an overloaded field, where only a client can have put it', () => {
    const inFile = relayAgentOf('34 01 01 52 03 01 01 41 ff', { 108: annotated('52 03 01 01 42 ff') });
    assert.equal(inFile.state === 'malformed' && inFile.reason, 'overloaded');
    assert.equal(inFile.state === 'malformed' && inFile.instances.length, 2);
  });

  it('keeps several instances apart and reads their concatenation', () => {
    const relayAgent = relayAgentOf('52 04 01 03 61 62 52 01 63 52 04 02 02 41 42 ff');
    assert.deepEqual(relayAgent, {
      state: 'present',
      instances: [Buffer.from('01036162', 'hex'), Buffer.from('63', 'hex'), Buffer.from('02024142', 'hex')],
      payload: Buffer.from('010361626302024142', 'hex'),
      suboptions: new Map([
        [1, Buffer.from('abc')],
        [2, Buffer.from('AB')],
      ]),
    });
  });

  it('takes the first occurrence of a sub-option', () => {
    assert.deepEqual(suboption(relayAgentOf('52 06 01 01 61 01 01 62 ff'), 1), Buffer.from('a'));
  });

  it('keeps empty and unknown sub-options', () => {
    const relayAgent = relayAgentOf('52 09 01 00 ee 01 61 00 02 01 02 ff');
    assert.deepEqual(suboption(relayAgent, RELAY_AGENT_SUBOPTIONS.circuitId.code), Buffer.alloc(0));
    assert.deepEqual(suboption(relayAgent, 0xee), Buffer.from('a'));
    assert.deepEqual(suboption(relayAgent, 0), Buffer.from([1, 2]));
  });

  it('has no sub-option while absent or malformed', () => {
    assert.equal(suboption(relayAgentOf('ff'), 1), undefined);
    assert.equal(suboption(relayAgentOf('52 04 01 01 61 02 ff'), 1), undefined);
  });
});

describe('the table of sub-options', () => {
  it('has every code of the registry', () => {
    const codes = [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 150, 151, 152];
    for (const code of codes) assert.equal(suboptionByCode(code)?.code, code);
    assert.equal(suboptionByCode(3), undefined);
    const names = Object.values(RELAY_AGENT_SUBOPTIONS).map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });

  it('gives the assigned meaning to codes that were used for others before', () => {
    assert.equal(suboptionByCode(151), RELAY_AGENT_SUBOPTIONS.virtualSubnetSelection);
    assert.equal(suboptionByCode(152), RELAY_AGENT_SUBOPTIONS.virtualSubnetSelectionControl);
  });
});

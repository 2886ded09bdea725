import assert from 'node:assert/strict';
import { describeMessage } from '../../../src/protocol/dhcpv4/dump.js';
import { DECODE_REASONS, DecodeError, type DecodeReason } from '../../../src/protocol/dhcpv4/errors.js';
import { type DhcpMessage, decodeMessage, encodeMessage } from '../../../src/protocol/dhcpv4/message.js';
import { hostileDatagram } from '../../support/hostile.js';
import { randomFrom, runSeed } from '../../support/random.js';
import { FUZZ_COUNT } from '../../support/size.js';
import { CAPTURES, outgoing, packetsOf } from './packets.js';

const SEED = runSeed();

/** The message, or why there is none; anything but a DecodeError of a known reason fails the test. */
function tryDecode(bytes: Buffer): DhcpMessage | DecodeReason {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    assert.ok(DECODE_REASONS.includes(error.reason) && error.offset >= 0 && error.offset <= bytes.length);
    return error.reason;
  }
}

/** What has to survive a round trip, in a form that is quick to compare. */
function fingerprint({ options, relayAgent, chaddr, sname, file, ...numbers }: DhcpMessage): string {
  let text = Object.values(numbers).join();
  for (const field of [chaddr, sname, file]) text += `|${field.toString('latin1').replace(/\0+$/, '')}`;
  for (const [code, value] of options) text += `|${code}:${value.length}:${value.toString('latin1')}`;
  if (relayAgent.state !== 'absent') text += `|82:${relayAgent.instances.map((part) => part.toString('hex')).join()}`;
  return text;
}

function stateOf({ relayAgent }: DhcpMessage): string {
  return relayAgent.state === 'malformed' ? relayAgent.reason : relayAgent.state;
}

function checkRoundTrip(message: DhcpMessage, limit: number): void {
  const { bytes, omitted, relayAgentOmitted } = encodeMessage(outgoing(message), limit);
  assert.ok(omitted.length === 0 && !relayAgentOmitted);
  const again = decodeMessage(bytes);
  assert.equal(fingerprint(again), fingerprint(message));
  // The encoder never puts Option 82 where this fault comes from.
  if (stateOf(message) !== 'overloaded') assert.equal(stateOf(again), stateOf(message));
}

describe(`${FUZZ_COUNT} random and mutated datagrams`, function () {
  this.timeout(60_000 + FUZZ_COUNT);

  it(`are decoded and re-encoded or rejected for a known reason (PORTLEDGER_SEED=${SEED})`, () => {
    const random = randomFrom(SEED);
    const real = CAPTURES.flatMap(packetsOf).map(({ payload }) => payload);
    const outcomes = new Map<string, number>();
    for (let i = 0; i < FUZZ_COUNT; i++) {
      const bytes = hostileDatagram(real, random);
      const result = tryDecode(bytes);
      const outcome = typeof result === 'string' ? result : result.relayAgent.state;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (typeof result === 'string') continue;
      checkRoundTrip(result, bytes.length + 1000);
      if (i % 20 === 0) assert.match(describeMessage(result), /^[\x20-\x7e]+$/);
    }
    if (FUZZ_COUNT >= 10_000) {
      const unseen = [...DECODE_REASONS, 'absent', 'present', 'malformed'].filter((outcome) => !outcomes.has(outcome));
      assert.deepEqual(unseen, []);
    }
  });
});

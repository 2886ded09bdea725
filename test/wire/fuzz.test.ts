import assert from 'node:assert/strict';
import { describeMessage } from '../../src/wire/dump.js';
import { DECODE_REASONS, DecodeError, type DecodeReason } from '../../src/wire/errors.js';
import { type DhcpMessage, decodeMessage, encodeMessage } from '../../src/wire/message.js';
import { CAPTURES, header, outgoing, packetsOf } from './packets.js';

const COUNT = Number(process.env.PORTLEDGER_FUZZ ?? 100_000);
const SEED = Number(process.env.PORTLEDGER_FUZZ_SEED ?? Date.now() % 0x1_0000_0000);

/** A small generator whose run can be repeated from its seed (xorshift32). Gives integers from 0 to below the bound. */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed >>> 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

type Random = ReturnType<typeof randomFrom>;

/** Values that mean something to the decoder: pad, END, overload, Option 82, lengths at the edges. */
const TELLING = [0, 1, 2, 3, 52, 82, 127, 128, 254, 255];

function randomBytes(random: Random): Buffer {
  const noise = Buffer.alloc(random(700));
  for (let i = 0; i < noise.length; i++) noise[i] = random(3) === 0 ? TELLING[random(TELLING.length)]! : random(256);
  return random(4) === 0 ? noise : Buffer.concat([header(), noise.subarray(0, random(noise.length + 1))]);
}

/** A real packet with up to eight bytes changed, runs moved or repeated, and sometimes an end cut off. */
function mutate(packet: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(packet);
  for (let n = 1 + random(8); n > 0; n--) {
    const at = random(4) === 0 ? random(bytes.length) : 240 + random(Math.max(1, bytes.length - 240));
    const kind = random(3);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes[at] = TELLING[random(TELLING.length)]!;
    else bytes.copyWithin(at, random(bytes.length), bytes.length - random(40));
  }
  return random(4) === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes;
}

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

describe(`${COUNT} random and mutated datagrams`, function () {
  this.timeout(60_000 + COUNT);

  it(`are decoded and re-encoded or rejected for a known reason (PORTLEDGER_FUZZ_SEED=${SEED})`, () => {
    console.log(`      PORTLEDGER_FUZZ=${COUNT} PORTLEDGER_FUZZ_SEED=${SEED}`);
    const random = randomFrom(SEED);
    const real = CAPTURES.flatMap(packetsOf).map(({ payload }) => payload);
    const outcomes = new Map<string, number>();
    for (let i = 0; i < COUNT; i++) {
      const bytes = random(3) === 0 ? randomBytes(random) : mutate(real[random(real.length)]!, random);
      const result = tryDecode(bytes);
      const outcome = typeof result === 'string' ? result : result.relayAgent.state;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (typeof result === 'string') continue;
      checkRoundTrip(result, bytes.length + 1000);
      if (i % 20 === 0) assert.match(describeMessage(result), /^[\x20-\x7e]+$/);
    }
    if (COUNT >= 10_000) {
      const unseen = [...DECODE_REASONS, 'absent', 'present', 'malformed'].filter((outcome) => !outcomes.has(outcome));
      assert.deepEqual(unseen, []);
    }
  });
});

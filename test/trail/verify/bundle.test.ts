import assert from 'node:assert/strict';
import fc from 'fast-check';
import { onEveryDatabase } from '../../../rig/lab/trails.js';
import { UsageError } from '../../../src/base/errors.js';
import { type Micros, toIsoTime } from '../../../src/base/time.js';
import { introduceNext } from '../../../src/ledger/proof/introduction.js';
import { removalOfJson, removalToJson } from '../../../src/ledger/proof/json.js';
import { generateSigningKey, type SigningKey } from '../../../src/ledger/proof/key.js';
import { type Removal, signRemoval } from '../../../src/ledger/proof/removal.js';
import { placeHolds } from '../../../src/trail/retain/holds.js';
import { retain } from '../../../src/trail/retain/retain.js';
import { type Bundle, makeBundle } from '../../../src/trail/verify/bundle.js';
import { checkBundle } from '../../../src/trail/verify/bundle-check.js';
import { draft, NOON, queueOf, SECOND } from '../store/campus.js';
import { checkpointOf, shipSigned } from './signed.js';

/** A client that moves after 30 s, renews, and releases; another one in between. */
const EVENTS = queueOf([
  [0, 'granted'],
  [10, 'granted', { address: '10.0.0.8', hwaddr: Buffer.from('020000000002', 'hex') }],
  [30, 'renewed', { circuitId: Buffer.from('p2'), hostname: Buffer.from('host\x1b') }],
  [40, 'renewed', { address: '10.0.0.8', hwaddr: Buffer.from('020000000002', 'hex') }],
  [60, 'renewed', { circuitId: Buffer.from('p2') }],
  [70, 'released', { circuitId: Buffer.from('p2') }],
  [80, 'renewed', { address: '10.0.0.8', hwaddr: Buffer.from('020000000002', 'hex') }],
  [90, 'granted', { address: '10.0.0.9' }],
]);

onEveryDatabase('A bundle of evidence', (current) => {
  let key: SigningKey;

  beforeEach(async () => {
    key = await shipSigned(current().trail, EVENTS, generateSigningKey(), [2, 7]);
  });

  /** What is made of a moment that lasts so many microseconds. */
  async function bundleIn(at: Micros, micros: number, ip: string): Promise<Bundle | null> {
    return await makeBundle(current().trail.knex, { ip, at, until: at + micros }, NOON);
  }

  /** As it is read from a file. */
  async function bundleAt(seconds: number, ip = '10.0.0.7'): Promise<Record<string, never> | null> {
    const bundle = await bundleIn(NOON + seconds * SECOND, 1, ip);
    return bundle && JSON.parse(JSON.stringify(bundle.json));
  }

  it('proves the sighting that covers the time, from its first event to the next checkpoint', async () => {
    const bundle = (await bundleAt(65))!;
    const { sighting, events, chain } = bundle as unknown as {
      sighting: { port: string; endReason: string; events: number };
      events: { sequence: number }[];
      chain: { events: string[]; checkpoint: { sequence: number } }[];
    };
    assert.deepEqual([sighting.port, sighting.endReason, sighting.events], ['p2', 'released', 3]);
    assert.deepEqual(
      events.map(({ sequence }) => sequence),
      [3, 5, 6],
    );
    assert.deepEqual([chain.length, chain[0]!.events.length, chain[0]!.checkpoint.sequence], [1, 5, 7]);
    const result = checkBundle(bundle, [key.public]);
    assert.deepEqual(result.faults, []);
    assert.match(result.lines[0]!, /^VERIFIED with the given public keys/);
  });

  it('has the event that ended a stay by a move', async () => {
    const bundle = (await bundleAt(15))!;
    assert.equal((bundle as unknown as { sighting: { endReason: string } }).sighting.endReason, 'moved');
    assert.deepEqual(checkBundle(bundle, [key.public]).faults, []);
  });

  it('is made for a whole second if that is asked for, but not if the address changed hands in it', async () => {
    const [bundle, first] = [await bundleIn(NOON - 300_000, SECOND, '10.0.0.7'), NOON];
    assert.equal((bundle!.json.sighting as { firstSeen: string }).firstSeen, toIsoTime(first));
    assert.equal(await bundleIn(NOON - 300_000, 300_000, '10.0.0.7'), null);
    await assert.rejects(bundleIn(NOON + 30 * SECOND - 300_000, SECOND, '10.0.0.7'), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^Address 10\.0\.0\.7 was in two hands within that second$/);
      const [before, after] = [NOON + 30 * SECOND - 300_000, NOON + 30 * SECOND].map(toIsoTime);
      assert.equal(error.hint, `ask for one of them: --at ${before} or --at ${after}`);
      return true;
    });
  });

  it('is made for nobody where nobody had the address', async () => {
    assert.equal(await bundleAt(75), null);
    assert.equal(await bundleAt(5, '10.9.9.9'), null);
  });

  it('says that it proves nothing while no checkpoint follows its events', async () => {
    const made = (await bundleIn(NOON + 95 * SECOND, 1, '10.0.0.9'))!;
    assert.deepEqual(made.unsigned, [EVENTS[0]!.queue]);
    assert.match(checkBundle(JSON.parse(JSON.stringify(made.json)), [key.public]).faults[0]!, /no checkpoint signs/);
  });

  it('does not let a stay seem longer than its records reach', async () => {
    await shipSigned(current().trail, EVENTS, key);
    const result = checkBundle(await bundleAt(95, '10.0.0.9'), [key.public]);
    assert.match(
      result.lines[0]!,
      /to 2026-11-20T\S+Z at least \(the lease ran to 2026-11-20T\S+Z, but the records here end/,
    );
  });

  it('is not believed by another key, and by none only with a warning', async () => {
    const bundle = await bundleAt(65);
    assert.match(checkBundle(bundle, [generateSigningKey().public]).faults[0]!, /which is not trusted/);
    const alone = checkBundle(bundle, []);
    assert.equal(alone.ok, true);
    assert.match(alone.lines[0]!, /only against the keys in the bundle itself/);
  });

  it('is believed by a key whose successor signed', async () => {
    const [queue, server] = [EVENTS[0]!.queue, EVENTS[0]!.server];
    const next = generateSigningKey();
    const keys = [introduceNext(next.public, server, NOON, key)];
    await current().trail.append({
      queue,
      server,
      events: [],
      proof: { checkpoints: [checkpointOf(EVENTS[7]!, next)], keys },
    });
    assert.deepEqual(checkBundle(await bundleAt(95, '10.0.0.9'), [key.public]).faults, []);
  });

  /** Only what is held of the address 10.0.0.7 is left; the last event that goes has a checkpoint. */
  async function retainHeld(): Promise<void> {
    const { knex } = current().trail;
    const span = { from: null, to: null };
    const hold = { by: 'ip', value: '10.0.0.7', label: '10.0.0.7', reason: 'case 1', ...span } as const;
    await placeHolds(knex, [{ ...hold, placedAt: NOON, placedBy: 'me' }], key);
    const plan = { before: NOON + 85 * SECOND, sightingsBefore: null, at: NOON + 900 * SECOND, reason: 'old', key };
    assert.equal((await retain(knex, plan)).events, 3);
  }

  it('goes over what retention removed between records that are held', async () => {
    await retainHeld();
    const bundle = (await bundleAt(65)) as unknown as Editable & { says: string[] };
    assert.deepEqual(
      bundle.chain[0]!.events.map((link) => typeof link),
      ['string', 'object', 'string', 'string', 'object'],
    );
    assert.match(bundle.says.join(' '), /2 records of other stays in the stretch were removed/);
    const result = checkBundle(bundle, [key.public]);
    assert.deepEqual(result.faults, []);
    assert.match(result.lines[0]!, /: 3 records form a chain .* \(signed removals stand in place of 2 others\), and/);
    const removal = bundle.chain[0]!.events[1] as unknown as Removal;
    for (const forger of [generateSigningKey(), key]) {
      const forged = signRemoval({ ...removalOfJson(removal), to: 5 }, forger);
      const events = [bundle.chain[0]!.events[0]!, removalToJson(forged), ...bundle.chain[0]!.events.slice(3)];
      const edited = { ...bundle, chain: [{ ...bundle.chain[0]!, events }] };
      assert.equal(isBelieved(JSON.stringify(edited), key), false, 'a removal over a record that is there');
    }
  });

  it('is refused where retention removed records of the stay itself', async () => {
    const { knex } = current().trail;
    const hold = { by: 'ip', value: '10.0.0.7', label: '10.0.0.7', reason: 'case 1' } as const;
    const span = { from: null, to: NOON + 50 * SECOND };
    await placeHolds(knex, [{ ...hold, ...span, placedAt: NOON, placedBy: 'me' }], key);
    const plan = { before: NOON + 65 * SECOND, sightingsBefore: null, at: NOON + 900 * SECOND, reason: 'old', key };
    await retain(knex, plan);
    await assert.rejects(bundleAt(65), /Events of this sighting are not in the trail any more/);
  });

  for (const removes of [false, true]) {
    const what = removes ? 'its records, its removals' : 'its records';
    it(`fails whatever digit of ${what} or its checkpoint is changed`, async function () {
      this.timeout(30_000);
      if (removes) await retainHeld();
      await failsForEachDigit();
    });
  }

  async function failsForEachDigit(): Promise<void> {
    const text = JSON.stringify(await bundleAt(65));
    const from = text.indexOf('"chain"');
    const to = text.indexOf('"keys"');
    const digits = [...text].flatMap((char, i) =>
      i > from && i < to && /[0-9a-f]/.test(char) && isInValue(text, i) ? [i] : [],
    );
    fc.assert(
      fc.property(fc.constantFrom(...digits), fc.constantFrom(...'0123456789abcdef'), (index, digit) => {
        fc.pre(text[index] !== digit);
        const changed = `${text.slice(0, index)}${digit}${text.slice(index + 1)}`;
        assert.equal(isBelieved(changed, key), false, changed.slice(index - 20, index + 20));
      }),
      { numRuns: 300 },
    );
  }

  it('fails if a record is left out, put in, or told otherwise than it is', async () => {
    const text = JSON.stringify(await bundleAt(65));
    const edits: ((bundle: Editable) => void)[] = [
      (bundle) => void bundle.chain[0]!.events.splice(2, 1),
      (bundle) => void bundle.chain[0]!.events.splice(2, 0, bundle.chain[0]!.events[2]!),
      (bundle) => void bundle.chain[0]!.events.reverse(),
      (bundle) => void bundle.chain[0]!.events.pop(),
      (bundle) => {
        bundle.chain = [];
      },
      (bundle) => {
        bundle.sighting.port = 'p9';
      },
      (bundle) => {
        bundle.sighting.firstSeen = '2026-11-20T13:00:00.000000Z';
      },
      (bundle) => {
        bundle.events[1]!.mac = '02:00:00:00:00:99';
      },
      (bundle) => void bundle.events.pop(),
    ];
    for (const edit of edits) {
      const bundle = JSON.parse(text) as Editable;
      edit(bundle);
      assert.equal(isBelieved(JSON.stringify(bundle), key), false, String(edit));
    }
  });

  it('is refused where retention left no events, or something in between is gone', async () => {
    await current().trail.knex('events').where('sequence', 4).delete();
    await assert.rejects(bundleAt(65), UsageError);
    await current().trail.knex('events').where('sequence', 3).delete();
    await assert.rejects(bundleAt(65), /not in the trail any more/);
  });

  it('shows draft values as they were sent', async () => {
    const { sighting } = (await bundleAt(65)) as unknown as { sighting: { hostname: string; mac: string } };
    assert.equal(sighting.hostname, 'host\\x1b');
    assert.equal(
      sighting.mac,
      Buffer.from(draft('granted').hwaddr!)
        .toString('hex')
        .replace(/..(?=.)/g, '$&:'),
    );
  });
});

interface Editable {
  sighting: Record<string, string>;
  events: Record<string, string>[];
  chain: { events: string[] }[];
}

function isBelieved(text: string, key: SigningKey): boolean {
  try {
    return checkBundle(JSON.parse(text), [key.public]).ok;
  } catch (error) {
    assert.ok(error instanceof UsageError || error instanceof SyntaxError, String(error));
    return false;
  }
}

/** Inside of a value, not of the name of a field; the server's name is only shown. */
function isInValue(text: string, index: number): boolean {
  const start = text.lastIndexOf('"', index);
  const end = text.indexOf('"', index);
  const isNumber = /[:,]\d*$/.test(text.slice(Math.max(0, index - 20), index));
  return (
    (text[end + 1] !== ':' &&
      !text.slice(start - 10, start).endsWith('"server":') &&
      /^[0-9a-f-]+$/.test(text.slice(start + 1, end))) ||
    isNumber
  );
}

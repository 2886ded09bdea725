import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Binding, neverUsed } from '../../../src/server/failover/binding.js';
import { readUpdate, type Update, updateOptions } from '../../../src/server/failover/binding-update.js';
import { judge } from '../../../src/server/failover/judge.js';
import { CLIENT, FIRST, T0 } from './peer.js';

type Mail = { readonly update: Update } | { readonly isTaken: boolean };

/** One of two servers that gave the same lease without contact, and now exchange updates until neither is pending. */
class Side {
  readonly #isPrimary: boolean;
  readonly #now: number;
  readonly #clockAhead: number;
  readonly inbox: Mail[] = [];
  partner!: Side;
  binding: Binding;
  #sent: Binding | null = null;
  #hasNews = true;

  constructor(isPrimary: boolean, now: number, clockAhead: number, binding: Binding) {
    this.#isPrimary = isPrimary;
    this.#now = now;
    this.#clockAhead = clockAhead;
    this.binding = binding;
  }

  /** Sends an update: one at a time, and a refused one not again unless it changes. */
  tell(): void {
    if (!this.binding.pending || this.#sent || !this.#hasNews) return;
    const read = readUpdate(updateOptions(this.binding, true));
    if (read.kind === 'rejection') assert.fail(read.rejection.text);
    this.#hasNews = false;
    this.#sent = this.binding;
    this.partner.inbox.push({ update: read.update });
  }

  read(): void {
    const mail = this.inbox.shift()!;
    if ('update' in mail) this.#judge(mail.update);
    else this.#onAnswer(mail.isTaken);
    this.tell();
  }

  #judge(update: Update): void {
    const verdict = judge(this.binding, update, {
      isPrimary: this.#isPrimary,
      now: this.#now,
      inFlight: this.#sent !== null,
      isOutdated: this.#sent !== null && this.#sent !== this.binding,
      clockAhead: this.#clockAhead,
    });
    if (verdict.kind === 'wait') assert.fail('waits for the end of a lease that both hold');
    const after = verdict.binding ?? this.binding;
    if (after !== this.binding) this.#hasNews = true;
    this.binding = after;
    this.partner.inbox.push({ isTaken: verdict.kind === 'take' });
  }

  #onAnswer(isTaken: boolean): void {
    if (isTaken && this.binding === this.#sent) this.binding = { ...this.binding, pending: false };
    this.#sent = null;
  }
}

/** Seconds before the exchange at which the client got the lease here, its length, and the error of the known clock difference. */
const given = fc.record({
  ago: fc.integer({ min: 0, max: 100 }),
  length: fc.integer({ min: 60, max: 120 }),
  misread: fc.integer({ min: -1, max: 1 }),
});

function lease(now: number, { ago, length }: { ago: number; length: number }, option82: string): Binding {
  const starts = now - ago;
  const ends = starts + length;
  const rest = { own: true, pending: true, port: { giaddr: 0x0a000001, option82 } };
  return { ...neverUsed(FIRST), status: 'ACTIVE', holder: CLIENT, starts, cltt: starts, ends, promised: ends, ...rest };
}

describe('a lease that both servers gave', () => {
  const skew = fc.oneof(fc.integer({ min: -58, max: 58 }), fc.integer({ min: -4, max: 4 }));
  // Nearly at the same time, for as long: by differing clocks the same second, or the same lease
  const near = given.map(({ ago, length, misread }) => ({ ago: ago % 5, length: 60 + (length % 5), misread }));
  const both = fc.oneof(fc.tuple(given, given), fc.tuple(near, near));

  it('gets one owner, an end no earlier than any client was given, and the port seen last, however the clocks differ', () => {
    fc.assert(
      fc.property(both, skew, fc.infiniteStream(fc.boolean()), ([one, two], skew, turns) => {
        const a = new Side(true, T0 + skew, skew + one.misread, lease(T0 + skew, one, 'a'));
        const b = new Side(false, T0, -skew + two.misread, lease(T0, two, 'b'));
        [a.partner, b.partner] = [b, a];
        a.tell();
        b.tell();
        for (let mails = 0; a.inbox.length + b.inbox.length > 0; mails++) {
          assert.equal(mails < 40, true, 'they tell each other again and again');
          const isFirst = b.inbox.length === 0 || (a.inbox.length > 0 && turns.next().value);
          (isFirst ? a : b).read();
        }
        const { ends, own } = a.binding;
        assert.deepEqual([b.binding.ends, b.binding.pending, a.binding.pending], [ends, false, false]);
        assert.equal(own && b.binding.own, false, 'both say that they gave it');
        const last = Math.max(T0 - one.ago + one.length, T0 - two.ago + two.length);
        assert.equal(ends - (own ? skew : 0) >= last - 3, true, `ends ${last - ends + (own ? skew : 0)} s too early`);
        if (Math.abs(one.ago - two.ago) <= 5) return;
        const port = one.ago < two.ago ? 'a' : 'b';
        assert.deepEqual([a.binding.port?.option82, b.binding.port?.option82], [port, port]);
      }),
      { numRuns: 20_000 },
    );
  });
});

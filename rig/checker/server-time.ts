import type { Fault } from './journal.js';
import type { Span } from './span.js';

type Step = Extract<Fault, { kind: 'clock-stepped' }>;
type Pause = Extract<Fault, { kind: 'server-paused' }>;

const MICROS = 1_000_000;

/**
 * What a server's clock showed, given the rig's faults. A paused server does nothing. When its clock steps back, a server continues with the
 * last time it used until the clock has caught up.
 */
export class ServerTime {
  readonly #steps: Step[];
  readonly #pauses: Pause[];
  /** The latest of the earliest times that it must have used until a moment of true time, ascending. */
  readonly #used: { readonly until: number; readonly stamp: number }[] = [];

  constructor(server: string, faults: readonly Fault[]) {
    this.#steps = faults.filter((fault) => fault.kind === 'clock-stepped').filter((fault) => fault.server === server);
    this.#pauses = faults.filter((fault) => fault.kind === 'server-paused').filter((fault) => fault.server === server);
  }

  /**
   * The stamp of something that the server did within a span of true time. Call it for answered requests first, in the order of the answers,
   * then for the others, which may have been done later than they were on the wire.
   */
  stamp({ from, to }: Span, isAnswered = true): Span {
    const pause = this.#pauses.find(({ held, undone }) => from >= held && from < undone && to >= undone);
    const shown = this.shown({ from: pause ? pause.undone : from, to });
    const held = this.#held(to, isAnswered ? to : from);
    const stamp = { from: Math.max(shown.from, held.from), to: Math.max(shown.to, held.to) };
    if (isAnswered) this.#used.push({ until: to, stamp: Math.max(this.#usedUntil(to), stamp.from) });
    return stamp;
  }

  /** What its clock showed within a span of true time. */
  shown({ from, to }: Span): Span {
    return { from: from + this.#offset(from, 'least'), to: to + this.#offset(to, 'most') };
  }

  /** During a step, the server may have seen the old or the new time. */
  #offset(at: number, which: 'least' | 'most'): number {
    let offset = 0;
    for (const step of this.#steps) {
      const shift = step.seconds * MICROS;
      if (step.until <= at) offset += shift;
      else if (step.at <= at) offset += which === 'least' ? Math.min(shift, 0) : Math.max(shift, 0);
    }
    return offset;
  }

  #usedUntil(moment: number): number {
    return this.#used.findLast(({ until }) => until <= moment)?.stamp ?? 0;
  }

  /** The time that it continues with after a step back; the times it used are known until `known`. */
  #held(at: number, known: number): Span {
    const back = this.#steps.filter((step) => step.seconds < 0 && step.at <= at);
    if (back.length === 0) return { from: 0, to: 0 };
    const tops = back.map((step) => step.until + this.#offset(step.at - 1, 'most'));
    return { from: this.#usedUntil(known), to: Math.max(...tops) };
  }
}

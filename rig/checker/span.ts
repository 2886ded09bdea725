/** A time known only to be between two others. Microseconds since 1970, both ends included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The server's clock has a resolution of a millisecond, so its microseconds may be off by this. */
const CLOCK_RESOLUTION = 1000;

export function shift({ from, to }: Span, by: number): Span {
  return { from: from + by, to: to + by };
}

/** True if the time is within the span, give or take the clock's resolution. */
export function covers(span: Span, at: number): boolean {
  return at >= span.from - CLOCK_RESOLUTION && at <= span.to + CLOCK_RESOLUTION;
}

/** True if what happened within `other` may have come before what happened within `span`. */
export function mayFollow(span: Span, other: Span): boolean {
  return other.from - CLOCK_RESOLUTION <= span.to + CLOCK_RESOLUTION;
}

/** The span of the earliest of some times. */
export function earliest(spans: readonly Span[]): Span {
  return { from: Math.min(...spans.map(({ from }) => from)), to: Math.min(...spans.map(({ to }) => to)) };
}

/** The span of the latest of some times. */
export function latest(spans: readonly Span[]): Span {
  return { from: Math.max(...spans.map(({ from }) => from)), to: Math.max(...spans.map(({ to }) => to)) };
}

/** The time of day to the millisecond. */
export function clockText(at: number): string {
  return new Date(at / 1000).toISOString().slice(11, 23);
}

export function spanText({ from, to }: Span): string {
  return from === to ? clockText(from) : `${clockText(from)}..${clockText(to).slice(6)}`;
}

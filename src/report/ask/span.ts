import { UsageError } from '../../base/errors.js';
import type { Micros } from '../../base/time.js';
import type { Span } from '../../trail/store/history/span.js';
import { parseMomentInput, parseTimeInput, type TimeContext } from './time-input.js';
import { formatInZone } from './zone.js';

/** The span of --at, or --from and --to. Throws UsageError if they contradict one another or are no times. */
export function parseSpan(options: { at?: string; from?: string; to?: string }, context: TimeContext): Span {
  const read = (text: string | undefined): Micros | null => (text === undefined ? null : parseTimeInput(text, context));
  const at = options.at === undefined ? null : parseMomentInput(options.at, context);
  const [from, to] = [read(options.from), read(options.to)];
  if (at !== null) {
    if (from === null && to === null) return { kind: 'at', at: at.from, until: at.until };
    throw new UsageError('--at cannot stand beside --from or --to', {
      hint: 'use --at for one moment, --from and --to for a span',
    });
  }
  if (from === null && to === null) return { kind: 'all' };
  if (from !== null && to !== null && from >= to)
    throw new UsageError(`--from "${options.from}" is not before --to "${options.to}"`, {
      hint: 'give the earlier time to --from',
    });
  return { kind: 'between', from, to };
}

/** In words: `at 2026-11-20 14:03:07 UTC`, `between ... and ... UTC`; empty for all time. */
export function describeSpan(span: Span, zone: string): string {
  if (span.kind === 'all') return '';
  if (span.kind === 'at') return `at ${formatInZone(span.at, zone)} ${zone}`;
  const { from, to } = span;
  if (from !== null && to !== null) return `between ${formatInZone(from, zone)} and ${formatInZone(to, zone)} ${zone}`;
  return from !== null ? `since ${formatInZone(from, zone)} ${zone}` : `before ${formatInZone(to!, zone)} ${zone}`;
}

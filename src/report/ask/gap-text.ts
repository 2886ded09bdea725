import type { GapRow } from '../../trail/store/history/history-gaps.js';
import { formatInZone } from './zone.js';

/** A gap in words: `between A and B UTC (dhcp-a: server-down)`. */
export function describeGap(gap: GapRow, zone: string): string {
  const why = `(${gap.server}: ${gap.kind})`;
  const { gapFrom: from, gapUntil: until } = gap;
  if (from !== null && from === until) return `at ${formatInZone(from, zone)} ${zone} ${why}`;
  if (until === null && from !== null) return `since ${formatInZone(from, zone)} ${zone}, end not known ${why}`;
  const start = from === null ? 'an unknown time' : formatInZone(from, zone);
  const end = until === null ? 'an unknown time' : formatInZone(until, zone);
  return `between ${start} and ${end} ${zone} ${why}`;
}

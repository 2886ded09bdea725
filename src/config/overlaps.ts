import { type AddressRange, formatRange } from './addresses.js';
import type { Place } from './place.js';

/** A range with the place that wrote it. */
export interface PlacedRange extends AddressRange {
  readonly at: Place;
}

/** Reports each range that shares addresses with one before it (in the order of addresses), at the later of the two in the file. */
export function checkOverlaps(ranges: readonly PlacedRange[], noun: string): void {
  const order = new Map(ranges.map((range, i) => [range, i]));
  const sorted = [...ranges].sort((a, b) => a.first - b.first || b.last - a.last);
  let widest: PlacedRange | undefined;
  for (const range of sorted) {
    if (widest && range.first <= widest.last) {
      const [earlier, later] = order.get(widest)! < order.get(range)! ? [widest, range] : [range, widest];
      later.at.fault(
        `shares addresses with ${noun} ${formatRange(earlier)} of ${earlier.at.path}`,
        formatRange(later),
        'change one of the two so that each address belongs to one',
      );
    }
    if (!widest || range.last > widest.last) widest = range;
  }
}

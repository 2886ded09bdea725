import { type AddressRange, formatRange } from './addresses.js';
import type { YamlPath } from './yaml-path.js';

/** A range, and its position in the file. */
export interface RangeInFile extends AddressRange {
  readonly at: YamlPath;
}

/** Reports each range that overlaps the range before it (by address). The fault is at the later one of the file. */
export function checkOverlaps(ranges: readonly RangeInFile[], noun: string): void {
  const order = new Map(ranges.map((range, i) => [range, i]));
  const sorted = [...ranges].sort((a, b) => a.first - b.first || b.last - a.last);
  let widest: RangeInFile | undefined;
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

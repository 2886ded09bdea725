/** One measured value, or the median of several. */
export interface Row {
  readonly part: string;
  readonly what: string;
  readonly subject: string;
  readonly value: number;
  /** Portledger's value divided by this one. */
  readonly ratio?: number;
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The medians of rows with the same part, what and subject, in the order of their first row; each with the ratio of `subject`'s value to it. */
export function ratioRows(rows: readonly Row[], subject: string): Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.part, row.what, row.subject]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const medians = [...groups.values()].map((group) => ({
    ...group[0]!,
    value: median(group.map(({ value }) => value)),
  }));
  return medians
    .map((row) => {
      const own = medians.find((one) => one.part === row.part && one.what === row.what && one.subject === subject);
      return own && own !== row ? { ...row, ratio: own.value / row.value } : row;
    })
    .sort((a, b) => firstOf(medians, a.what) - firstOf(medians, b.what));
}

function firstOf(rows: readonly Row[], what: string): number {
  return rows.findIndex((row) => row.what === what);
}

/** A value as text: whole from 100 on, else with three digits. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

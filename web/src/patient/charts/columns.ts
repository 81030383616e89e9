// Series to the columns that the chart draws. Pure. Where two neighbours lie further apart than the gap, a hole is put
// between them: nothing is drawn over a time in which nothing was measured.

import type { Series } from "../../api/types";

export type Column = (number | null)[];
export type Columns = readonly [number[], ...Column[]];

/** Returns times in seconds and, for each list of values, its values at those times, holes included. */
export function withGaps(t: readonly number[], lists: readonly (readonly (number | null)[])[], gapS: number): [number[], ...Column[]] {
  const times: number[] = [];
  const columns: Column[] = lists.map(() => []);
  t.forEach((at, index) => {
    const before = t[index - 1];
    if (before !== undefined && at - before > gapS * 1000) {
      times.push((before + 1) / 1000);
      for (const column of columns) column.push(null);
    }
    times.push(at / 1000);
    columns.forEach((column, which) => column.push(lists[which]?.[index] ?? null));
  });
  return [times, ...columns];
}

const numbers = (values: readonly (number | string)[] | undefined): Column => (values ?? []).map((value) => (typeof value === "number" ? value : null));

export const valuesOf = (series: Series): Column => numbers(series.mean ?? series.value);

/** Puts a second series onto the times of a first one; what has no partner is a hole. */
export function aligned(first: Series, second: Series | undefined): Column {
  const found = new Map(second?.t.map((at, index) => [at, valuesOf(second)[index] ?? null]));
  return first.t.map((at) => found.get(at) ?? null);
}

/** Returns one kind: its values, and where they are of buckets also the lowest and the highest of each. */
export function drawn(series: Series): Columns {
  const lists = series.min && series.max ? [valuesOf(series), numbers(series.min), numbers(series.max)] : [valuesOf(series)];
  return withGaps(series.t, lists, series.gap_s);
}

/** Returns the pressures: the upper, and the lower measured with it. */
export const pressures = (upper: Series, lower: Series | undefined): Columns => withGaps(upper.t, [valuesOf(upper), aligned(upper, lower)], upper.gap_s);

export interface Extent {
  readonly least: number;
  readonly most: number;
  readonly last: number;
  readonly lastAt: number;
}

/** Returns the lowest, highest and newest value of all columns, null where there is none. */
export function extent(columns: Columns): Extent | null {
  const [times, first = []] = columns;
  const all = columns.slice(1).flatMap((column) => (column as Column).filter((value) => value !== null));
  let place = first.length - 1;
  while (place >= 0 && first[place] === null) place--;
  const [last, lastAt] = [first[place], times[place]];
  if (typeof last !== "number" || lastAt === undefined) return null;
  let [least, most] = [last, last];
  for (const value of all) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { least, most, last, lastAt: lastAt * 1000 };
}

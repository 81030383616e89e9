// Series to the columns that the chart draws. Pure. Where two neighbours lie further apart than the gap, a hole is put
// between them: nothing is drawn over a time in which nothing was measured.

import type { Series } from "../api/types";

export type Column = (number | null)[];

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

export function valuesOf(series: Series): (number | null)[] {
  return (series.mean ?? series.value ?? []).map((value) => (typeof value === "number" ? value : null));
}

/** Puts a second series onto the times of a first one; what has no partner is a hole. */
export function aligned(first: Series, second: Series | undefined): (number | null)[] {
  const found = new Map(second?.t.map((at, index) => [at, valuesOf(second)[index] ?? null]));
  return first.t.map((at) => found.get(at) ?? null);
}

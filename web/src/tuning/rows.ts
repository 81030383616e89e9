// A row of a list of rules as its fields show it, and the row that comes of a field. Pure. A slope keeps its way in its
// sign; people are asked for the way and for how fast, apart.

import type { Json, Slope } from "./shapes";

type Shown = Readonly<Record<string, Json | undefined>>;

export const ofRow = (row: object): Shown => ({ ...row });
export const withField = <Row extends object>(row: Row, field: string, value: Json): Row => ({ ...row, [field]: value });

export const slopeRow = (row: Slope): Shown => ({ ...row, per_hour: Math.abs(row.per_hour), side: row.per_hour < 0 ? "low" : "high" });

export function withSlopeField(row: Slope, field: string, value: Json): Slope {
  const sign = row.per_hour < 0 ? -1 : 1;
  if (field === "side") return { ...row, per_hour: (value === "low" ? -1 : 1) * Math.abs(row.per_hour) };
  if (field === "per_hour") return { ...row, per_hour: sign * Math.abs(Number(value)) };
  return withField(row, field, value);
}

/** Returns the name under which a combination is kept: letters of the alphabet, digits and _; empty where nothing is left. */
export const combinationKey = (typed: string): string =>
  typed.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 40);

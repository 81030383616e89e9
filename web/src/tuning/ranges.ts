// How far a field of a plan may lie, by the server's own table: said beside the field, and refused while it is typed.

import type { Kind } from "../api/types";
import type { Path } from "./overlay";
import type { Range, Ranges } from "./shapes";

export const NO_RANGES: Ranges = { ranges: {}, kinds: {} };
const BOUND = /^(floor|alert_low|warn_low|warn_high|alert_high|ceiling)$/;

/** Returns the range of a field; `kind` is what a slope or a term is about. Null where it has none of its own. */
export function rangeOf({ ranges, kinds }: Ranges, path: Path, kind: Kind | null = null): Range | null {
  const parts = path[0] === "night" && path[1] === "limits" ? path.slice(1) : path;
  const last = parts.at(-1) ?? "";
  if (parts[0] === "limits" && BOUND.test(last)) return kinds[parts[1] ?? ""]?.value ?? null;
  if (last === "bound") return kinds[kind ?? ""]?.value ?? null;
  if (last === "per_hour") return kinds[kind ?? ""]?.per_hour ?? null;
  const starred = [parts[0], ...parts.slice(1, -1).map(() => "*"), last].join(".");
  return ranges[parts.join(".")] ?? ranges[starred] ?? ranges[[parts[0], "*"].join(".")] ?? null;
}

export const isWithin = (range: Range | null, value: number): boolean => range === null || (value >= range.low && value <= range.high);

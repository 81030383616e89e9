// What is wrong with the limits that are being typed, said at once and in words. Pure. The server says it again, with
// all the rest, before anything is saved; what it says counts.

import type { Key } from "../i18n/catalogues";
import type { Kind } from "../api/types";
import { isWithin, rangeOf } from "./ranges";
import { BOUNDS, WAITS, type Bound, type Limits, type Ranges, type Setting } from "./shapes";

export interface Wrong {
  readonly bound: Bound;
  readonly than: Bound;
  readonly value: number;
  readonly other: number;
}

const MAY_MEET: readonly (readonly [Bound, Bound])[] = [
  ["floor", "alert_low"],
  ["floor", "warn_low"],
  ["alert_high", "ceiling"],
  ["warn_high", "ceiling"],
];
const mayMeet = (one: Bound, other: Bound): boolean => MAY_MEET.some(([a, b]) => a === one && b === other);

/** Returns the bounds that do not lie below the next one above them. */
export function outOfOrder(limits: Limits): readonly Wrong[] {
  const given = BOUNDS.flatMap((bound) => {
    const value = limits[bound];
    return value === null ? [] : [{ bound, value }];
  });
  return given.flatMap((low, place) => {
    const high = given[place + 1];
    if (!high || low.value < high.value || (low.value === high.value && mayMeet(low.bound, high.bound))) return [];
    return [{ bound: low.bound, than: high.bound, value: low.value, other: high.value }];
  });
}

export interface Beyond {
  readonly setting: Setting;
  readonly key: "wrong.range" | "wrong.k";
}

/** Returns what lies outside its range, and a count of more readings than are read. */
export function beyond(limits: Limits, kind: Kind, ranges: Ranges): readonly Beyond[] {
  const found = ([...BOUNDS, ...WAITS] as readonly Setting[]).flatMap((setting): readonly Beyond[] => {
    const value = limits[setting];
    return value === null || isWithin(rangeOf(ranges, ["limits", kind, setting]), value) ? [] : [{ setting, key: "wrong.range" }];
  });
  return limits.k > limits.n || limits.k < 1 ? [...found, { setting: "k", key: "wrong.k" }] : found;
}

export const inOrder = (limits: Limits, kind: Kind, ranges: Ranges): boolean => outOfOrder(limits).length + beyond(limits, kind, ranges).length === 0;

/** Returns how far a bound may be moved without passing the next one on either side. */
export function room(limits: Limits, bound: Bound, step: number, low: number, high: number): { readonly low: number; readonly high: number } {
  const place = BOUNDS.indexOf(bound);
  const below = BOUNDS.slice(0, place).reverse().find((each) => limits[each] !== null);
  const above = BOUNDS.slice(place + 1).find((each) => limits[each] !== null);
  const least = below ? Number(limits[below]) + (mayMeet(below, bound) ? 0 : step) : low;
  const most = above ? Number(limits[above]) - (mayMeet(bound, above) ? 0 : step) : high;
  return { low: Math.max(low, least), high: Math.min(high, most) };
}

/** Reads a number as people write it, with a comma or a point; null where nothing stands, undefined where it is none. */
export function read(text: string): number | null | undefined {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  if (plain === "") return null;
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : undefined;
}

const NAMED: Readonly<Record<string, Key>> = {
  floor: "tuning.bound.floor",
  alert_low: "tuning.bound.alert_low",
  warn_low: "tuning.bound.warn_low",
  warn_high: "tuning.bound.warn_high",
  alert_high: "tuning.bound.alert_high",
  ceiling: "tuning.bound.ceiling",
};

/** Says what the server said with the names of bounds put into words. */
export function inWords(said: string, translate: (key: Key) => string): string {
  return said.replace(/\b(floor|alert_low|warn_low|warn_high|alert_high|ceiling)\b/g, (name) => {
    const key = NAMED[name];
    return key ? `“${translate(key).toLowerCase()}”` : name;
  });
}

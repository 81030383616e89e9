// A week as it is edited: shifts whose parts change one at a time. Pure; a shift that is changed is a new one.

import type { WeekShift } from "./api";

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "eve", "holiday"] as const;
export type DayKind = (typeof DAYS)[number];

export const fresh = (name: string): WeekShift => ({ name, days: ["mon", "tue", "wed", "thu", "fri"], starts: "07:00", ends: "16:00", crews: [], turn_days: 7 });

export const replaced = <T>(list: readonly T[], place: number, item: T): readonly T[] => list.map((each, at) => (at === place ? item : each));
export const without = <T>(list: readonly T[], place: number): readonly T[] => list.filter((_, at) => at !== place);

export function withDay(shift: WeekShift, day: DayKind): WeekShift {
  const days = shift.days.includes(day) ? shift.days.filter((each) => each !== day) : [...shift.days, day];
  return { ...shift, days: DAYS.filter((each) => days.includes(each)) };
}

export const withPerson = (shift: WeekShift, crew: number, person: number): WeekShift =>
  (shift.crews[crew] ?? []).includes(person) ? shift : { ...shift, crews: replaced(shift.crews, crew, [...(shift.crews[crew] ?? []), person]) };

/** Takes a person out of a crew; a crew without anybody goes too. */
export function withoutPerson(shift: WeekShift, crew: number, person: number): WeekShift {
  const left = (shift.crews[crew] ?? []).filter((each) => each !== person);
  return { ...shift, crews: left.length === 0 ? without(shift.crews, crew) : replaced(shift.crews, crew, left) };
}

export const same = (a: readonly WeekShift[], b: readonly WeekShift[]): boolean => JSON.stringify(a) === JSON.stringify(b);

// The plan of a round, line by line: each decision is a line of its own that a key puts in and takes out. Pure.

import type { Case } from "./api";

export const MOST_DECISIONS = 6;
export const NUMBERS = [1, 2, 3, 4, 5, 6] as const;
export type Decision = (typeof NUMBERS)[number];

const linesOf = (plan: string): string[] => plan.split("\n").map((line) => line.trim()).filter(Boolean);

/** Says whether a plan holds this line. */
export const holds = (plan: string, line: string): boolean => linesOf(plan).includes(line);

/** Puts a line into a plan, or takes it out; what was written freely stays. `alone` lines stand with no other of `all`. */
export function toggled(plan: string, line: string, alone: string, all: readonly string[]): string {
  const lines = linesOf(plan);
  if (lines.includes(line)) return lines.filter((each) => each !== line).join("\n");
  const kept = lines.filter((each) => (line === alone ? !all.includes(each) : each !== alone));
  const chosen = [...kept.filter((each) => all.includes(each)), line].sort((a, b) => all.indexOf(a) - all.indexOf(b));
  return [...chosen, ...kept.filter((each) => !all.includes(each))].join("\n");
}

/** Returns the plan to begin with: what was signed; for who gives no reason to act, that the plan holds; else nothing. */
export const begun = (patient: Case, holdsOn: string): string => patient.signed?.plan ?? (patient.risk === 0 ? holdsOn : "");

/** Returns the place of the next patient who is not signed for, after `from` and then from the start; null: none left. */
export function nextOpen(items: readonly Case[], from: number): number | null {
  for (let step = 1; step <= items.length; step += 1) {
    const place = (from + step) % items.length;
    if (items[place]?.signed === null) return place;
  }
  return null;
}

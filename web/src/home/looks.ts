// The access log as people read it: by day, one line for the same person looking at the same thing again. Pure.

import type { Language } from "../api/types";
import { day } from "../clinical/time";
import type { Look } from "./api";

export interface Line {
  readonly text: string;
  readonly times: number;
  readonly from: string;
  readonly to: string;
}

export interface Day {
  readonly day: string;
  readonly at: number;
  readonly lines: readonly Line[];
}

/** Groups looks, the newest first as they come, into days, the newest first. */
export function byDay(looks: readonly Look[], language: Language): readonly Day[] {
  const days = new Map<string, Map<string, Line>>();
  const times = new Map<string, number>();
  for (const look of looks) {
    const name = day(look.at);
    const lines = days.get(name) ?? new Map<string, Line>();
    const text = language === "sv" ? look.text_sv : look.text_en;
    const before = lines.get(text);
    lines.set(text, before ? { ...before, times: before.times + 1, from: look.at } : { text, times: 1, from: look.at, to: look.at });
    days.set(name, lines);
    if (!times.has(name)) times.set(name, Date.parse(look.at));
  }
  return [...days].map(([name, lines]) => ({ day: name, at: times.get(name) ?? 0, lines: [...lines.values()] }));
}

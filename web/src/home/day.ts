// The parts of the day, the day's answers as they are being given, and times as one would say them. Pure.

import type { Language } from "../api/types";
import { clockTime, day, ZONE } from "../clinical/time";
import type { Question } from "./api";

export type Answer = boolean | number | string;

/** Answers begun: kept while the page is closed, for that day. */
export interface Draft {
  readonly day: string;
  readonly answers: Readonly<Record<string, Answer>>;
}

/** Returns the answers of a draft that belong to today's questions, none of another day's. */
export function todays(draft: Draft | null, questions: readonly Question[], now: number): Readonly<Record<string, Answer>> {
  if (draft?.day !== day(now)) return {};
  const asked = new Set(questions.map((each) => each.question));
  return Object.fromEntries(Object.entries(draft.answers).filter(([question]) => asked.has(question)));
}

/** Returns the place of the first question without an answer; the number of questions where all have one. */
export function next(questions: readonly Question[], answers: Readonly<Record<string, Answer>>): number {
  const place = questions.findIndex((each) => !(each.question in answers));
  return place < 0 ? questions.length : place;
}

export function greeting(now: number): "home.morning" | "home.day" | "home.evening" | "home.night" {
  const hour = Number(clockTime(now).slice(0, 2));
  if (hour < 5) return "home.night";
  if (hour < 10) return "home.morning";
  return hour < 18 ? "home.day" : "home.evening";
}

const MS = 86_400_000;

/** Says a time as one would: "14:05", "i morgon 09:00", "fredag 27 november 09:00". */
export function said(at: string | number, now: number, language: Language, words: { readonly tomorrow: string; readonly yesterday: string }): string {
  const when = typeof at === "number" ? at : Date.parse(at);
  const time = clockTime(when);
  if (day(when) === day(now)) return time;
  if (day(when) === day(now + MS)) return `${words.tomorrow} ${time}`;
  if (day(when) === day(now - MS)) return `${words.yesterday} ${time}`;
  const date = new Intl.DateTimeFormat(language === "sv" ? "sv-SE" : "en-GB", { timeZone: ZONE, weekday: "long", day: "numeric", month: "long" });
  return `${date.format(when)} ${time}`;
}

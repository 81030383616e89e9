// The access log as people read it: by day, under each person what they looked at, the same thing again as one line. Pure.

import type { Language } from "../api/types";
import { day } from "../clinical/time";
import type { Look } from "./api";

export interface Line {
  readonly text: string;
  readonly times: number;
  readonly from: string;
  readonly to: string;
}

export interface Person {
  readonly name: string;
  readonly title: string;
  readonly units: string;
  readonly lines: readonly Line[];
}

export interface Day {
  readonly day: string;
  readonly at: number;
  readonly people: readonly Person[];
}

/** Groups looks, the newest first as they come, into days and people, the newest first. */
export function byDay(looks: readonly Look[], language: Language): readonly Day[] {
  const days = new Map<string, Map<string, Look[]>>();
  for (const look of looks) {
    const people = days.get(day(look.at)) ?? new Map<string, Look[]>();
    const who = JSON.stringify([look.name, look.title, look.units]);
    people.set(who, [...(people.get(who) ?? []), look]);
    days.set(day(look.at), people);
  }
  return [...days].map(([name, people]) => {
    const all = [...people.values()];
    return { day: name, at: Date.parse(all[0]?.[0]?.at ?? ""), people: all.map((some) => person(some, language)) };
  });
}

function person(looks: readonly Look[], language: Language): Person {
  const lines = new Map<string, Line>();
  for (const look of looks) {
    const text = did(look, language);
    const before = lines.get(text);
    lines.set(text, before ? { ...before, times: before.times + 1, from: look.at } : { text, times: 1, from: look.at, to: look.at });
  }
  const [{ name, title, units }] = looks as readonly [Look, ...Look[]];
  return { name, title: title ?? "", units: units.join(", "), lines: [...lines.values()] };
}

/** Returns the sentence without who it is about, who stands over it; the whole sentence where that is not in it. */
function did(look: Look, language: Language): string {
  const text = language === "sv" ? look.text_sv : look.text_en;
  const who = look.units.length > 0 ? look.units.join(", ") : look.name;
  const rest = text.includes(who) ? text.slice(text.indexOf(who) + who.length).replace(/^[,\s]+/, "") : text;
  return rest.slice(0, 1).toLocaleUpperCase(language) + rest.slice(1);
}

// Days and times in words, in the clock of a Swedish wall. Pure.

import type { Language } from "../api/types";
import { clockTime, day as dayOf, ZONE } from "../clinical/time";

const LOCALE: Readonly<Record<Language, string>> = { sv: "sv-SE", en: "en-GB" };
const made = new Map<string, Intl.DateTimeFormat>();

function format(language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${JSON.stringify(options)}`;
  const found = made.get(key) ?? new Intl.DateTimeFormat(LOCALE[language], { timeZone: ZONE, ...options });
  made.set(key, found);
  return found;
}
const ms = (at: string | number): number => (typeof at === "number" ? at : Date.parse(at));

/** Writes weekday, day and month: fre 27 nov. */
export const weekday = (at: string | number, language: Language): string =>
  format(language, { weekday: "short", day: "numeric", month: "short" }).format(ms(at)).replaceAll(".", "").replace(",", "");

/** Writes the weekday alone, as short as it is: fre. */
export const dayName = (at: string | number, language: Language): string =>
  format(language, { weekday: "short" }).format(ms(at)).replace(".", "");

export const dayNumber = (at: string | number): string => String(Number(dayOf(ms(at)).slice(8)));

export const month = (at: string | number, language: Language): string =>
  format(language, { month: "short", year: "numeric" }).format(ms(at)).replace(".", "");

export const span = {
  /** Writes day and time: fre 27 nov 16:00. */
  day: (at: string | number, language: Language): string => `${weekday(at, language)} ${clockTime(at)}`,
  /** Writes from–until, the day said once where it is one. */
  both: (from: string | number, until: string | number, language: Language): string =>
    dayOf(ms(from)) === dayOf(ms(until))
      ? `${span.day(from, language)}–${clockTime(until)}`
      : `${span.day(from, language)} – ${span.day(until, language)}`,
};

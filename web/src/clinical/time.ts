// Times and ages in words. Clinical times are always shown in the patient's time zone.

import type { Language } from "../api/types";
import type { Key } from "../i18n/catalogues";

export const ZONE = "Europe/Stockholm";

const CLOCK = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, hour: "2-digit", minute: "2-digit" });
const SECONDS = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE });
const DATE: Readonly<Record<Language, Intl.DateTimeFormat>> = {
  sv: new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, day: "numeric", month: "short" }),
  en: new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, day: "numeric", month: "short" }),
};

type Translate = (key: Key, places?: Readonly<Record<string, string | number>>) => string;

const ms = (at: string | number): number => (typeof at === "number" ? at : Date.parse(at));

export const clockTime = (at: string | number): string => CLOCK.format(ms(at));
export const clockSeconds = (at: string | number): string => SECONDS.format(ms(at));
export const day = (at: string | number): string => DAY.format(ms(at));

/** Writes a date: 22 nov. */
export const dayName = (at: string | number, language: Language): string => DATE[language].format(ms(at));

/** Writes the time of day, with the day in front when that is not today. */
export function when(at: string | number, nowMs: number, language: Language): string {
  if (day(at) === day(nowMs)) return clockTime(at);
  return `${dayName(at, language)} ${clockTime(at)}`;
}

/** Writes the time of day of the last twenty hours, and only the day before that: where there is little room. */
export function recent(at: string | number, nowMs: number, language: Language): string {
  if (nowMs - ms(at) < 20 * 3600_000) return clockTime(at);
  return dayName(at, language);
}

/** Writes the time of day of the next twenty hours, and only the day after that: where there is little room. */
export function soon(at: string | number, nowMs: number, language: Language): string {
  return ms(at) - nowMs < 20 * 3600_000 ? clockTime(at) : dayName(at, language);
}

/** Writes an age in its largest fitting unit: 12 s, 4 min, 2 h 10 min, 3 d. */
export function age(seconds: number, translate: Translate): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 60) return translate("age.s", { n: Math.floor(seconds) });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return translate("age.min", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return translate("age.d", { n: Math.floor(hours / 24) });
  if (hours >= 6 || minutes % 60 === 0) return translate("age.h", { n: hours });
  return translate("age.h_min", { h: hours, n: minutes % 60 });
}

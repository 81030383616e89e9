// A plan's fields in words: what each is called and how its value is written. Pure: the words come in from outside.

import { number, unitOf } from "../clinical/kinds";
import { day } from "../clinical/time";
import type { Kind, Language } from "../api/types";
import type { Key } from "../i18n/catalogues";
import { ruleName, type Speech } from "./rules";
import { BOUNDS, type Json, type Overlay, type Way } from "./shapes";

export interface Tongue extends Speech {
  readonly language: Language;
}

const PLAIN: Readonly<Record<string, Key>> = {
  goals: "field.goals",
  spo2_scale: "field.spo2_scale",
  scale_2_order: "field.scale_2_order",
  news2_medium: "field.news2_medium",
  news2_high: "field.news2_high",
  news2_rise: "field.news2_rise",
  news2_rise_s: "field.news2_rise_s",
  slopes: "field.slopes",
  deviations: "field.deviations",
  gain: "field.gain",
  support: "field.support",
  second_signal: "field.second_signal",
  remeasure: "field.remeasure",
  night: "field.night",
  "night.begins": "field.begins",
  "night.ends": "field.ends",
  "rhythm.af": "field.af",
  "rhythm.pause_s": "field.pause_s",
  "rhythm.ventricular_run": "field.ventricular_run",
};
const SETTINGS: Readonly<Record<string, Key>> = {
  delay_s: "tuning.set.delay_s",
  clear_by: "tuning.set.clear_by",
  median_s: "tuning.set.median_s",
  k: "tuning.set.k",
  n: "tuning.set.n",
};
const isBound = (name: string): boolean => (BOUNDS as readonly string[]).includes(name);

/** Says what a field is called; its path as the API writes it, parts joined by dots. */
export function fieldName(path: string, tongue: Tongue): string {
  const { t, maybe } = tongue;
  const plain = PLAIN[path];
  if (plain) return t(plain);
  if (path.startsWith("night.limits.")) return t("field.night_of", { field: fieldName(path.slice("night.".length), tongue) });
  const [branch = "", about = "", setting = ""] = path.split(".");
  if (branch === "limits") {
    const kind = maybe(`kind.${about}`);
    if (setting === "") return kind;
    const key = isBound(setting) ? (`tuning.bound.${setting}` as Key) : SETTINGS[setting];
    return `${kind}, ${(key ? t(key) : setting).toLowerCase()}`;
  }
  if (branch === "expected") return t("field.expected", { kind: maybe(`kind.${about}`) });
  if (branch === "combinations") return t("field.combination", { name: maybe(`rule.combination.${about}`) });
  if (branch === "slopes" || branch === "deviations") return /^\d+$/.test(about) ? t(`field.${branch}`) : ruleName(`${branch.slice(0, -1)}.${about}`, tongue);
  if (branch === "library") return t("field.library");
  if (branch === "stays") return t("field.stay", { n: about });
  if (branch === "cards") return t("field.card", { rule: ruleName(path.slice("cards.".length), tongue) });
  return path;
}

/** Writes a field's value. */
export function fieldValue(path: string, value: Json | undefined, tongue: Tongue): string {
  const { t, language } = tongue;
  if (value === null || value === undefined) return t("field.none");
  const parts = path.split(".");
  const [branch = "", about = ""] = parts[0] === "night" && parts[1] === "limits" ? parts.slice(1) : parts;
  const last = parts.at(-1) ?? "";
  if (branch === "limits" && typeof value === "number") {
    const kind = about as Kind;
    return isBound(last) || last === "clear_by" ? `${number(kind, value, language)} ${unitOf(kind, language)}` : plainValue(last, value, tongue);
  }
  if (branch === "expected" && typeof value === "number") return lasting(value, tongue);
  if (path === "goals") return t(value === "comfort" ? "field.goals.comfort" : "field.goals.full");
  if (path === "night.begins" || path === "night.ends") return ofDay(Number(value));
  if (path === "news2_rise_s" && typeof value === "number") return lasting(value, tongue);
  if (branch === "cards" && typeof value === "object" && !Array.isArray(value)) return String((value as { readonly [name: string]: Json })[language] ?? "");
  if (path === "scale_2_order" && typeof value === "object") return orderSaid(value, tongue);
  return typeof value === "object" ? t("field.set") : plainValue(last, value as string | number | boolean, tongue);
}

/** Says whose an order is, from where and how it came, and until when it holds. */
export function orderSaid(value: Json, { t }: Tongue): string {
  const order = value as { readonly [name: string]: Json };
  const places = { name: String(order["doctor"]), time: day(String(order["expires_at"])) };
  const outside = order["outside"] as { readonly clinic: string; readonly way: Way } | null | undefined;
  if (outside) return t("field.order_outside", { ...places, clinic: outside.clinic, way: t(`order.way.${outside.way}`).toLowerCase() });
  return typeof order["doctor_id"] === "number" ? t("field.order", places) : t("field.order_unnamed", places);
}

/** Says what a version asks a signature for, and whose, where it is not any other doctor's. */
export function askSaid(path: string, overlay: Overlay, tongue: Tongue): string {
  if (path === "goals") return tongue.t("tuning.ask.goals");
  if (path !== "scale_2_order") return fieldName(path, tongue);
  const order = overlay.scale_2_order;
  return typeof order?.doctor_id === "number" ? tongue.t("tuning.ask.order", { name: order.doctor ?? "" }) : tongue.t("tuning.ask.order_any");
}

function plainValue(name: string, value: string | number | boolean, tongue: Tongue): string {
  if (typeof value === "boolean") return tongue.t(value ? "field.yes" : "field.no");
  if (typeof value === "string") return value;
  return name.endsWith("_s") ? `${decimal(value, tongue.language)} s` : decimal(value, tongue.language);
}

/** Writes a number with the decimals that it has, and the language's sign. */
export function decimal(value: number, language: Language): string {
  const text = Number(value.toFixed(2)).toString().replace("-", "−");
  return language === "sv" ? text.replace(".", ",") : text;
}

/** Writes seconds in the largest unit that makes them a whole number. */
export function lasting(seconds: number, { t, language }: Tongue): string {
  if (seconds >= 86_400 && seconds % 43_200 === 0) return `${decimal(seconds / 86_400, language)} ${t(seconds === 86_400 ? "form.day" : "form.days")}`;
  if (seconds >= 3600 && seconds % 1800 === 0) return `${decimal(seconds / 3600, language)} ${t("rest.hours")}`;
  if (seconds >= 60 && seconds % 60 === 0) return `${decimal(seconds / 60, language)} ${t("rest.minutes")}`;
  return `${decimal(seconds, language)} ${t("rest.seconds")}`;
}

/** Writes minutes after midnight as a time of day. */
export const ofDay = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

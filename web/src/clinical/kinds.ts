// How each kind of value is shown: unit, decimals, and the fixed range of its curves, the same for every patient.

import type { Kind, Language } from "../api/types";

export interface Shown {
  /** Its code, or how it is written where every language writes it so. */
  readonly unit: string;
  readonly decimals: number;
  readonly low: number;
  readonly high: number;
}

/** What is written otherwise than its code: in every language, and where the languages differ. */
const UNITS: Readonly<Record<string, string>> = {
  "Cel": "°C",
  "mm[Hg]": "mmHg",
  "{score}": "",
  "{beats}": "",
  "1": "",
};
const UNITS_OF: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  sv: { "L/min": "l/min", "mmol/L": "mmol/l", "{steps}": "steg" },
  en: { "{steps}": "steps" },
};

const SHOWN: Readonly<Record<Kind, Shown>> = {
  heart_rate: { unit: "/min", decimals: 0, low: 40, high: 140 },
  resp_rate: { unit: "/min", decimals: 0, low: 6, high: 32 },
  spo2: { unit: "%", decimals: 0, low: 82, high: 100 },
  temperature: { unit: "°C", decimals: 1, low: 35, high: 40 },
  skin_temperature: { unit: "°C", decimals: 1, low: 28, high: 39 },
  systolic: { unit: "mmHg", decimals: 0, low: 60, high: 200 },
  diastolic: { unit: "mmHg", decimals: 0, low: 30, high: 120 },
  mean_pressure: { unit: "mmHg", decimals: 0, low: 40, high: 150 },
  weight: { unit: "kg", decimals: 1, low: 40, high: 130 },
  glucose: { unit: "mmol/L", decimals: 1, low: 2, high: 20 },
  consciousness: { unit: "", decimals: 0, low: 0, high: 4 },
  oxygen_flow: { unit: "L/min", decimals: 1, low: 0, high: 10 },
  fio2: { unit: "%", decimals: 0, low: 21, high: 60 },
  pain: { unit: "", decimals: 0, low: 0, high: 10 },
  perfusion_index: { unit: "%", decimals: 1, low: 0, high: 10 },
  steps: { unit: "{steps}", decimals: 0, low: 0, high: 120 },
  peak_flow: { unit: "L/min", decimals: 0, low: 100, high: 700 },
};

export const MAIN: readonly Kind[] = ["heart_rate", "resp_rate", "spo2", "systolic", "temperature"];

export const shown = (kind: Kind): Shown => SHOWN[kind];

/** Writes the unit of a code as people of that language write it. */
export const unitText = (unit: string, language: Language): string => UNITS[unit] ?? UNITS_OF[language][unit] ?? unit;

/** Writes the unit of a kind as people of that language write it. */
export const unitOf = (kind: Kind, language: Language): string => unitText(SHOWN[kind].unit, language);

/** What is no vital sign and whole all the same. */
const WHOLE: readonly string[] = ["news2", "battery"];

/** Writes a value with its kind's decimals (one of what is no vital sign) and the language's sign, without the unit. */
export function number(kind: string, value: number | string, language: Language): string {
  if (typeof value === "string") return value;
  const decimals = kind in SHOWN ? SHOWN[kind as Kind].decimals : WHOLE.includes(kind) ? 0 : 1;
  const text = value.toFixed(decimals).replace("-", "−");
  return language === "sv" ? text.replace(".", ",") : text;
}

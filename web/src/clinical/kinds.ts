// How each kind of value is shown: unit, decimals, and the fixed range of its curves, the same for every patient.

import type { Kind, Language } from "../api/types";

export interface Shown {
  readonly unit: string;
  readonly decimals: number;
  readonly low: number;
  readonly high: number;
}

const UNITS: Readonly<Record<string, string>> = {
  "Cel": "°C",
  "mm[Hg]": "mmHg",
  "{score}": "",
  "{beats}": "",
  "1": "",
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
  glucose: { unit: "mmol/l", decimals: 1, low: 2, high: 20 },
  consciousness: { unit: "", decimals: 0, low: 0, high: 4 },
  oxygen_flow: { unit: "l/min", decimals: 1, low: 0, high: 10 },
  fio2: { unit: "%", decimals: 0, low: 21, high: 60 },
  pain: { unit: "", decimals: 0, low: 0, high: 10 },
  perfusion_index: { unit: "%", decimals: 1, low: 0, high: 10 },
  steps: { unit: "steg", decimals: 0, low: 0, high: 120 },
  peak_flow: { unit: "l/min", decimals: 0, low: 100, high: 700 },
};

export const MAIN: readonly Kind[] = ["heart_rate", "resp_rate", "spo2", "systolic", "temperature"];

export const shown = (kind: Kind): Shown => SHOWN[kind];

export function unitText(unit: string): string {
  return UNITS[unit] ?? unit;
}

/** Writes a value with its kind's decimals (one of what is no vital sign) and the language's sign, without the unit. */
export function number(kind: string, value: number | string, language: Language): string {
  if (typeof value === "string") return value;
  const decimals = kind in SHOWN ? SHOWN[kind as Kind].decimals : 1;
  const text = value.toFixed(decimals).replace("-", "−");
  return language === "sv" ? text.replace(".", ",") : text;
}

// Rules and fields by their names in words, in both languages; what has no words keeps its own name.

import { expect, test } from "vitest";
import { CATALOGUES, type Key } from "../i18n/catalogues";
import type { Language } from "../api/types";
import { fieldName, fieldValue, type Tongue } from "./fields";
import { ruleName } from "./rules";

function tongue(language: Language): Tongue {
  const all = CATALOGUES[language];
  const t = (key: Key, places: Readonly<Record<string, string | number>> = {}): string => all[key].replace(/\{(\w+)\}/g, (_, name: string) => String(places[name]));
  return { language, t, maybe: (key) => (key in all ? all[key as Key] : (key.split(".").pop() ?? key).replaceAll("_", " ")) };
}
const SV = tongue("sv");

test.each([
  ["limit.spo2.low", "Syremättnad för låg"],
  ["nodata.heart_rate", "Hjärtfrekvens: inga värden"],
  ["news2.rise", "NEWS2 stiger"],
  ["combination.infection", "Flera värden: infektion"],
  ["combination.own_one", "Flera värden: own one"],
  ["rhythm.ventricular_run", "Breda slag i rad"],
  ["rhythm.own_one", "Hjärtrytm: own one"],
  ["quality.heart_rate", "Dålig signal: hjärtfrekvens"],
  ["weight.gain", "Viktuppgång"],
  ["battery", "Lågt batteri"],
  ["limit.spo2", "Syremättnad"],
  ["slope", "Vilket värde som helst: förändras långsamt"],
  ["combination", "Flera värden tillsammans"],
  ["", "Alla andra regler"],
])("%s is %s", (rule, said) => {
  expect(ruleName(rule, SV)).toBe(said);
});

test.each([
  ["limits.spo2.alert_low", 88, "Syremättnad, larm under", "88 %"],
  ["limits.temperature.warn_high", 38.5, "Temperatur, varna över", "38,5 °C"],
  ["night.limits.heart_rate.warn_low", null, "Hjärtfrekvens, varna under, natt", "–"],
  ["limits.spo2.delay_s", 60, "Syremättnad, vänta innan larm", "60 s"],
  ["expected.spo2", 5400, "Syremättnad väntas var", "1,5 h"],
  ["night.begins", 1320, "Natten börjar", "22:00"],
  ["goals", "comfort", "Vårdens mål", "lindrande vård"],
  ["cards.limit.spo2", { sv: "Ring", en: "Call" }, "Kort: Syremättnad", "Ring"],
  ["scale_2_order", { doctor: "Omar", doctor_id: 2, expires_at: "2026-12-01T10:00:00Z" }, "Ordination av skala 2", "Omar, till 2026-12-01"],
  ["scale_2_order", { doctor: "Omar", expires_at: "2026-12-01T10:00:00Z" }, "Ordination av skala 2", "Omar, till 2026-12-01: ingen läkare i personalen har bekräftat den"],
  ["scale_2_order", { doctor: "Lova", outside: { clinic: "Lungmottagningen", way: "telephone" }, expires_at: "2026-12-01T10:00:00Z" }, "Ordination av skala 2", "Lova, Lungmottagningen (telefon), till 2026-12-01"],
])("%s is named and written in words", (path, value, name, written) => {
  expect(fieldName(path, SV)).toBe(name);
  expect(fieldValue(path, value, SV)).toBe(written);
});

test("numbers have the point in English", () => {
  expect(fieldValue("limits.temperature.warn_high", 38.5, tongue("en"))).toBe("38.5 °C");
});

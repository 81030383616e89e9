import { expect, test } from "vitest";
import { CATALOGUES, type Key } from "../i18n/catalogues";
import { eased } from "./easing";

const now = Date.parse("2026-11-22T10:00:00Z");
const at = (language: "sv" | "en") => ({
  now,
  language,
  t: (key: Key, places: Readonly<Record<string, string | number>> = {}): string =>
    CATALOGUES[language][key].replace(/\{(\w+)\}/g, (_, name: string) => String(places[name])),
});

test("h12: a wider limit is named, with its end", () => {
  const until = "2026-11-22T13:00:00Z";
  expect(eased({ kinds: ["spo2"], until }, at("sv"))).toEqual({ brief: "Vidare gränser till 14:00", end: "till 14:00", whole: "Vidare gränser än teamets: Syremättnad, till 14:00" });
  expect(eased({ kinds: ["spo2"], until: "2026-11-24T13:00:00Z" }, at("en"))).toEqual({ brief: "Wider limits until 24 Nov", end: "until 24 Nov", whole: "Limits wider than the team's: Oxygen saturation, until 24 Nov 14:00" });
});

test("h12: several are all named in the whole of it, without an end until somebody changes it", () => {
  const said = eased({ kinds: ["spo2", "heart_rate"], until: null }, at("sv"));
  expect(said).toEqual({ brief: "Vidare gränser", end: "Vidare gränser", whole: "Vidare gränser än teamets: Syremättnad, Hjärtfrekvens, tills någon ändrar det" });
});

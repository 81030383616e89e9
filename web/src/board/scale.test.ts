import { expect, test } from "vitest";
import { CATALOGUES, type Key } from "../i18n/catalogues";
import { ordered } from "./scale";

const now = Date.parse("2026-11-23T08:00:00Z");
const at = (language: "sv" | "en"): Parameters<typeof ordered>[1] => ({
  now, language, t: (key: Key, places: Readonly<Record<string, string | number>> = {}) => CATALOGUES[language][key].replace(/\{(\w+)\}/g, (_, name: string) => String(places[name])),
});

test("test_h15_an_order_says_on_the_board_that_it_ends_before_it_does", () => {
  expect(ordered(null, at("sv"))).toBeNull();
  expect(ordered({ until: "2026-11-26T08:00:01Z", named: true }, at("sv"))).toBeNull();
  expect(ordered({ until: "2026-11-23T13:00:00Z", named: true }, at("sv"))?.brief).toBe("Skala 2 till 14:00");
  expect(ordered({ until: "2026-11-26T08:00:00Z", named: true }, at("en"))?.brief).toBe("Scale 2 until 26 Nov");
  expect(ordered({ until: "2026-11-23T08:00:00Z", named: true }, at("sv"))?.whole).toBe("Ordinationen av SpO₂-skala 2 har gått ut: skala 1 används");
  expect(ordered({ until: null, named: false }, at("en"))?.brief).toBe("Scale 2 has run out");
});

test("test_h15_an_order_of_nobody_known_is_called_unconfirmed", () => {
  expect(ordered({ until: "2027-01-01T08:00:00Z", named: false }, at("sv"))?.brief).toBe("Skala 2 obekräftad");
});

// A value as it is read, in the language of the page.

import { expect, test } from "vitest";
import { measured } from "./measured";

test("a value has the decimals, sign and unit of its language on one line, a level of consciousness is a word", () => {
  const both = (kind: string, value: number | string, unit: string): string[] => [measured(kind, value, unit, "sv"), measured(kind, value, unit, "en")];
  expect(both("temperature", 37.5, "Cel")).toEqual(["37,5\u00a0°C", "37.5\u00a0°C"]);
  expect(both("peak_flow", 240, "L/min")).toEqual(["240\u00a0l/min", "240\u00a0L/min"]);
  expect(both("consciousness", 0, "{score}")).toEqual(["A – vaken", "A – alert"]);
  expect(both("consciousness", "C", "{score}")).toEqual(["C – förvirrad", "C – confused"]);
  expect(both("consciousness", 9, "{score}")).toEqual(["–", "–"]);
});

// The catalogues as a whole: nothing is said twice, and the places to fill in are the same in every language.

import { expect, test } from "vitest";
import { CATALOGUES, PARTS, type Key } from "./catalogues";

const places = (text: string): readonly string[] => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? "").sort();

test("no key belongs to two parts", () => {
  const keys = PARTS.flatMap((part) => Object.keys(part.sv));
  expect(keys.filter((key, place) => keys.indexOf(key) !== place)).toEqual([]);
});

test("every language fills in the same places", () => {
  const keys = Object.keys(CATALOGUES.sv) as Key[];
  expect(keys.filter((key) => places(CATALOGUES.sv[key]).join() !== places(CATALOGUES.en[key]).join())).toEqual([]);
});

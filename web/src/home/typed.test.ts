// What is typed is read as it is meant, or not at all.

import { expect, test } from "vitest";
import type { Typable } from "./api";
import { check, number, ordered } from "./typed";

const TEMPERATURE: Typable = { kind: "temperature", unit: "Cel", decimals: 1, low: 25, high: 45 };

test.each([
  ["38,5", 38.5],
  ["38.5", 38.5],
  [" 120 ", 120],
  ["1 200", 1200],
  ["97,", 97],
])("%s is read as a number", (text, expected) => {
  expect(number(text)).toBe(expected);
});

test.each(["", "38,5,1", "1.000,5", "-3", "38,5 C", "1e3", "NaN", "12/8"])("%s is no number", (text) => {
  expect(number(text)).toBeNull();
});

test("h07: a Fahrenheit reading typed as Celsius is outside what is plausible", () => {
  expect(check(TEMPERATURE, "98,6")).toEqual({ fault: "high" });
});

test("h18: nothing typed is nothing, not zero", () => {
  expect(check(TEMPERATURE, "  ")).toEqual({ fault: "empty" });
});

test("the two numbers of a blood pressure are told when they are swapped", () => {
  expect(ordered(new Map([["systolic", 80], ["diastolic", 120]]))).toBe(false);
  expect(ordered(new Map([["systolic", 120], ["diastolic", 80]]))).toBe(true);
  expect(ordered(new Map([["spo2", 97]]))).toBe(true);
});

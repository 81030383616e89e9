import { expect, test } from "vitest";
import { CATALOGUES, type Key } from "../i18n/catalogues";

// Whole sentences, read side by side: a change of either language is seen here and read again.
const PAIRS: readonly (readonly [Key, string, string])[] = [
  ["priority.high", "HÖGT LARM", "HIGH ALARM"],
  ["priority.medium", "MEDELLARM", "MEDIUM ALARM"],
  ["priority.low", "LÅGT LARM", "LOW ALARM"],
  ["act.ack", "Jag har sett", "I have seen it"],
  ["act.claim", "Jag tar det", "I take it"],
  ["act.decline", "Avböj", "Decline"],
  ["alerts.nobody", "Ingen har sett larmet än", "Nobody has seen this yet"],
  ["alerts.nobody_took", "Ingen har tagit larmet", "Nobody has taken it"],
  ["alerts.failed", "Sparades INTE. Försök igen.", "NOT saved. Try again."],
  ["outcome.true_alarm", "Riktigt larm, åtgärdat", "True alarm, acted on"],
  ["outcome.false_alarm", "Falskt larm", "False alarm"],
  ["dialog.pause_lead", "Det ringer igen när tiden är slut, och genast om det blir sämre.", "It rings again when the time is up, and at once if it gets worse."],
];

test.each(PAIRS)("test_h35_%s_says_the_same_in_both_languages", (key, sv, en) => {
  expect([CATALOGUES.sv[key], CATALOGUES.en[key]]).toEqual([sv, en]);
});

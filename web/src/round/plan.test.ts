// The plan of a round: decisions are lines that come and go, what was written freely stays; who is next.

import { expect, test } from "vitest";
import { aCase, signedBy } from "./builders";
import { begun, holds, nextOpen, toggled } from "./plan";

const ALL = ["Planen gäller.", "Ring varje dag.", "Hembesök behövs."];
const decide = (plan: string, place: number): string => toggled(plan, ALL[place] ?? "", ALL[0] ?? "", ALL);

test("a decision is put in at its place, and taken out by the same key", () => {
  const both = decide(decide("", 2), 1);
  expect(both).toBe("Ring varje dag.\nHembesök behövs.");
  expect(decide(both, 1)).toBe("Hembesök behövs.");
});

test("that the plan holds stands with no other decision, and either takes the other out", () => {
  expect(decide(decide("", 2), 0)).toBe("Planen gäller.");
  expect(decide("Planen gäller.", 2)).toBe("Hembesök behövs.");
});

test("what was written freely stays, after the decisions", () => {
  expect(decide("Dottern ringer på lördag.", 1)).toBe("Ring varje dag.\nDottern ringer på lördag.");
  expect(decide("Ring varje dag.\nDottern ringer.", 1)).toBe("Dottern ringer.");
});

test("a line counts as held only when it is the whole line", () => {
  expect(holds("Ring varje dag.", "Ring varje dag.")).toBe(true);
  expect(holds("Ring varje dag. Eller inte.", "Ring varje dag.")).toBe(false);
});

test("only who gives no reason to act begins with a plan; whoever has been signed for, with what was signed", () => {
  expect(begun(aCase(1), "Planen gäller.")).toBe("Planen gäller.");
  expect(begun(aCase(1, 25), "Planen gäller.")).toBe("");
  expect(begun(aCase(1, 25, signedBy(1, "Ring.")), "Planen gäller.")).toBe("Ring.");
});

test("the next one who is not signed for is found past the end, and nobody when all are", () => {
  const done = signedBy(1, "x");
  expect(nextOpen([aCase(1), aCase(2, 0, done), aCase(3, 0, done)], 1)).toBe(0);
  expect(nextOpen([aCase(1, 0, done)], 0)).toBeNull();
  expect(nextOpen([], 0)).toBeNull();
});

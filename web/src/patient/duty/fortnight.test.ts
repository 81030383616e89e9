import { describe, expect, it } from "vitest";
import type { DutyCell } from "../types";
import { fortnight, uncovered } from "./fortnight";

const cell = (from_at: string, until: string, colour = "covered"): DutyCell => ({ from_at, until, colour, team_id: 1, team: "Testteamet", on_call: null });
const NOW = Date.parse("2026-03-28T10:00:00Z");

describe("who answers ahead", () => {
  it("is cut at the patient's midnight, the short day of summer time too", () => {
    const found = fortnight([cell("2026-03-28T10:00:00Z", "2026-03-30T10:00:00Z")], NOW);
    expect(found.map((each) => each.date)).toEqual(["2026-03-28", "2026-03-29", "2026-03-30"]);
    expect(found.map((each) => each.stretches.reduce((sum, one) => sum + one.to - one.from, 0) / 3_600_000)).toEqual([13, 23, 12]);
  });

  it("H25: a hole between two stretches is one of its own, and is uncovered", () => {
    const [today] = fortnight([cell("2026-03-28T10:00:00Z", "2026-03-28T12:00:00Z"), cell("2026-03-28T13:00:00Z", "2026-03-28T20:00:00Z")], NOW);
    expect(today?.stretches.map(uncovered)).toEqual([false, true, false]);
  });

  it("that is nobody is uncovered", () => {
    const [today] = fortnight([cell("2026-03-28T10:00:00Z", "2026-03-28T20:00:00Z", "nobody")], NOW);
    expect(today?.stretches.map(uncovered)).toEqual([true]);
  });
});

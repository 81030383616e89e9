import { describe, expect, it } from "vitest";
import { aligned, withGaps } from "./columns";

describe("columns", () => {
  it("put a hole where nothing was measured for longer than the gap", () => {
    expect(withGaps([0, 60_000, 400_000], [[1, 2, 3]], 180)).toEqual([[0, 60, 60.001, 400], [1, 2, null, 3]]);
  });

  it("join neighbours within the gap", () => {
    expect(withGaps([0, 180_000], [[1, 2]], 180)).toEqual([[0, 180], [1, 2]]);
  });

  it("give a pair its partner of the same time only", () => {
    const systolic = { kind: "systolic", unit: "mm[Hg]", t: [0, 1000], value: [120, 121], gap_s: 10 } as const;
    const diastolic = { kind: "diastolic", unit: "mm[Hg]", t: [1000], value: [80], gap_s: 10 } as const;
    expect(aligned(systolic, diastolic)).toEqual([null, 80]);
  });
});

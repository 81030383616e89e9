import { describe, expect, it } from "vitest";
import { aligned, drawn, extent, withGaps } from "./columns";

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

  it("carry the lowest and the highest of each bucket, so that a short dip is not averaged away", () => {
    const series = { kind: "spo2", unit: "%", t: [0, 60_000], mean: [95, 94], min: [95, 81], max: [96, 97], count: [60, 60], gap_s: 180 } as const;
    expect(drawn(series)).toEqual([[0, 60], [95, 94], [95, 81], [96, 97]]);
    expect(extent(drawn(series))).toEqual({ least: 81, most: 97, last: 94, lastAt: 60_000 });
  });

  it("have no extent where nothing was measured", () => {
    expect(extent([[1], [null]])).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { decoded, stretches, turned } from "./traces";

const bytes = (...samples: number[]): string => btoa(String.fromCharCode(...samples.flatMap((each) => [each & 255, (each >> 8) & 255])));

describe("waveforms", () => {
  it("are what was measured, negative samples too", () => {
    const trace = decoded({ kind: "ecg", lead: "II", device_id: "d", unit: "mV", fs_hz: 250, scale: 0.5, offset: 1, t0: 0, samples: bytes(0, 2, -2, 300) });
    expect([...trace.values]).toEqual([1, 2, 0, 151]);
  });

  it("are told in stretches, cut where there is none", () => {
    expect(stretches([10_000, 20_000, 30_000, 60_000].map((at) => ({ at })))).toEqual([{ from: 0, to: 30_000 }, { from: 50_000, to: 60_000 }]);
  });

  it("are turned page by page, over a hole to where the next one begins", () => {
    const all = [{ from: 0, to: 30_000 }, { from: 50_000, to: 60_000 }];
    expect(turned(all, 0, 10_000)).toBe(10_000);
    expect(turned(all, 25_000, 10_000)).toBe(50_000);
    expect(turned(all, 50_000, 10_000)).toBeNull();
    expect(turned(all, 50_000, -10_000)).toBe(20_000);
  });
});

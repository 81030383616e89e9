import { describe, expect, it } from "vitest";
import type { Alert } from "../../api/types";
import { clusters, gravest, type Mark } from "./marks";

const VIEW = { from: 0, to: 100_000, follows: false };
const alert = (at: number, priority: Alert["priority"]): Mark => ({ at, alert: { family: "clinical", priority } as Alert });

describe("marks on the time axis", () => {
  it("that would lie on each other become one, and say how many they are", () => {
    const found = clusters([alert(50_000, "low"), alert(10_000, "low"), alert(12_000, "low")], VIEW, 0.05);
    expect(found.map((each) => [each.marks.length, each.share])).toEqual([[2, 0.11], [1, 0.5]]);
  });

  it("outside of the view are not drawn at its edge", () => {
    expect(clusters([alert(-1, "high"), alert(100_001, "high")], VIEW, 0.05)).toEqual([]);
  });

  it("show the gravest of what they stand for", () => {
    const [cluster] = clusters([alert(10_000, "low"), alert(11_000, "high"), alert(12_000, "medium")], VIEW, 0.05);
    expect(cluster && gravest(cluster)).toBe("high");
  });

  it("do not grow without end when one follows closely on the other", () => {
    const all = Array.from({ length: 20 }, (_, place) => alert(place * 4_000, "low"));
    expect(Math.max(...clusters(all, VIEW, 0.05).map((each) => each.marks.length))).toBe(2);
  });
});

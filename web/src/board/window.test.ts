import { expect, test } from "vitest";
import { drawn, WHOLE } from "./window";

const rows = { count: 500, columns: 1, pitch: 60 };

test("a short list is drawn whole", () => {
  expect(drawn({ ...rows, count: WHOLE }, 5_000, 800)).toEqual({ from: 0, to: WHOLE, before: 0, after: 0 });
});

test("a long list is drawn where it is looked at, and keeps its height", () => {
  for (const top of [-400, 0, 900, 29_000, 60_000]) {
    const part = drawn(rows, top, 800);
    expect(part.before + (part.to - part.from) * rows.pitch + part.after).toBe(500 * 60);
    expect(part.to - part.from).toBeLessThan(40);
  }
  const middle = drawn(rows, 6_000, 800);
  expect(middle.from).toBeLessThanOrEqual(100);
  expect(middle.to).toBeGreaterThanOrEqual(114);
});

test("tiles are drawn in whole lines", () => {
  const part = drawn({ count: 500, columns: 3, pitch: 200 }, 4_000, 800);
  expect(part.from % 3).toBe(0);
  expect(part.before).toBe((part.from / 3) * 200);
});

import { expect, test } from "vitest";
import { BEGINNING, drawn, type Layout, type Range } from "./window";

const rows: Layout = { count: 500, columns: 1, pitch: 60 };
const NOTHING: Range = { from: 0, to: 0 };

/** Draws frame by frame until nothing is left to do. */
function rested(from: Range, layout: Layout, top: number): Range {
  let now = from;
  for (let next = drawn(now, layout, top, 800); next !== now; next = drawn(now, layout, top, 800)) now = next;
  return now;
}

test("what is on the screen is drawn at once, wherever the list is scrolled to", () => {
  for (const top of [-400, 0, 900, 29_000]) {
    const part = drawn({ from: 100, to: 120 }, rows, top, 800);
    expect(part.from).toBeLessThanOrEqual(Math.max(0, Math.floor(top / 60)));
    expect(part.to).toBeGreaterThanOrEqual(Math.min(500, Math.ceil((top + 800) / 60)));
  }
});

test("what lies beyond the screen comes one by one, until some lines are spare on both sides", () => {
  const first = drawn(NOTHING, rows, 6_000, 800);
  const next = drawn(first, rows, 6_000, 800);
  expect(next.from).toBe(first.from - 1);
  expect(next.to).toBe(first.to + 1);
  expect(rested(next, rows, 6_000)).toEqual({ from: 95, to: 120 });
});

test("a scroll by a line draws a line and takes one away, in the same frame", () => {
  const part = rested(NOTHING, rows, 6_000);
  expect(drawn(part, rows, 6_030, 800)).toBe(part);
  expect(drawn(part, rows, 6_060, 800)).toEqual({ from: part.from + 1, to: part.to + 1 });
});

test("nothing is drawn beyond the ends, and a list that became short is drawn to its end", () => {
  expect(rested(NOTHING, rows, 60_000).to).toBe(500);
  expect(rested({ from: 480, to: 500 }, { ...rows, count: 60 }, 0)).toEqual({ from: 0, to: 20 });
});

test("of tiles whole lines are drawn on the screen", () => {
  const part = drawn(NOTHING, { count: 500, columns: 3, pitch: 200 }, 4_000, 800);
  expect(part.from).toBeLessThanOrEqual(60);
  expect(part.to).toBeGreaterThanOrEqual(75);
});

test("before anything could be measured nothing is known, and it stays at the beginning", () => {
  expect(drawn(BEGINNING, { ...rows, pitch: 0 }, 0, 800)).toBe(BEGINNING);
});

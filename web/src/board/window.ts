// Which part of a long list is drawn. Pure. Items of one height in so many columns; what lies outside of the screen,
// with some to spare, is only room.

export interface Layout {
  readonly count: number;
  readonly columns: number;
  /** Height of an item and the gap below it, in pixels. */
  readonly pitch: number;
}
export interface Drawn {
  readonly from: number;
  readonly to: number;
  readonly before: number;
  readonly after: number;
}

/** Lines above and below the screen that are drawn too, so that a slow hand and the tabulator find them. */
const SPARE = 6;

/** Lists up to here are drawn whole. */
export const WHOLE = 48;

/** Returns what is drawn (a beginning, before anything could be measured); `top` is how far the list has been scrolled out at the upper edge of the screen, in pixels. */
export function drawn({ count, columns, pitch }: Layout, top: number, screen: number): Drawn {
  if (count <= WHOLE || pitch <= 0) return { from: 0, to: Math.min(count, WHOLE), before: 0, after: 0 };
  const lines = Math.ceil(count / columns);
  const first = Math.max(0, Math.min(lines, Math.floor(top / pitch) - SPARE));
  const last = Math.max(first, Math.min(lines, Math.ceil((top + screen) / pitch) + SPARE));
  return { from: first * columns, to: Math.min(count, last * columns), before: first * pitch, after: (lines - last) * pitch };
}

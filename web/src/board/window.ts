// Which part of a long list is drawn. Pure. Items of one height in so many columns: those on the screen at once, those a
// few lines beyond it one by one, so that no single frame has to draw them all.

export interface Layout {
  readonly count: number;
  readonly columns: number;
  /** Height of an item and the gap below it, in pixels; 0 before anything could be measured. */
  readonly pitch: number;
}
/** From the first to before the last. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** How far above and below the screen is drawn too, in pixels, so that a slow hand and the tabulator find it. */
const SPARE_PX = 280;
/** Items that a frame draws beyond the screen. */
const AT_ONCE = 1;
/** Drawn before anything could be measured. */
export const BEGINNING: Range = { from: 0, to: 12 };

/** Lists up to here are drawn whole. */
export const WHOLE = 48;

/** Returns the lines on the screen and so many beyond; `top` is how far the list has been scrolled out at its upper edge, in pixels. The size of the answer does not depend on `top`. */
function lines({ count, columns, pitch }: Layout, top: number, screen: number, spare: number): Range {
  const last = Math.ceil(count / columns);
  const first = Math.floor(top / pitch);
  const clamped = (line: number): number => Math.max(0, Math.min(last, line)) * columns;
  return { from: Math.min(count, clamped(first - spare)), to: Math.min(count, clamped(first + Math.ceil(screen / pitch) + 1 + spare)) };
}

/** Returns what is drawn next where `now` is drawn; the same object when nothing is left to do. */
export function drawn(now: Range, layout: Layout, top: number, screen: number): Range {
  if (layout.pitch <= 0) return now;
  const must = lines(layout, top, screen, 0);
  const wish = lines(layout, top, screen, Math.ceil(SPARE_PX / layout.pitch));
  const far = now.to <= must.from || now.from >= must.to;
  const near = far ? must : { from: Math.max(now.from, wish.from), to: Math.min(now.to, wish.to) };
  return same(now, {
    from: Math.min(must.from, Math.max(wish.from, near.from - AT_ONCE)),
    to: Math.max(must.to, Math.min(wish.to, near.to + AT_ONCE)),
  });
}

function same(now: Range, next: Range): Range {
  return now.from === next.from && now.to === next.to ? now : next;
}

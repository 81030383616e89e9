// Who answers when, as it is drawn: times cut at days, the same answer said once. Pure; times are milliseconds.

import type { Cell, Covered, Day } from "./api";

export interface Span {
  readonly from: number;
  readonly until: number;
  readonly colour: Colour;
  readonly team: string;
  readonly person: string | null;
}
export type Colour = "covered" | "fallback" | "nobody";

const COLOURS: readonly Colour[] = ["covered", "fallback", "nobody"];

export function spans(cells: readonly Cell[]): readonly Span[] {
  const found: Span[] = [];
  for (const cell of cells) {
    const span: Span = {
      from: Date.parse(cell.from_at),
      until: Date.parse(cell.until),
      // What is not known is shown as nobody: a newer word is never drawn as covered.
      colour: COLOURS.find((colour) => colour === cell.colour) ?? "nobody",
      team: cell.team,
      person: cell.on_call?.name ?? null,
    };
    const last = found.at(-1);
    if (last && last.colour === span.colour && last.team === span.team && last.person === span.person && last.until === span.from) {
      found[found.length - 1] = { ...last, until: span.until };
    } else found.push(span);
  }
  return found;
}

/** Cuts spans to one day. */
export function within(all: readonly Span[], day: Day): readonly Span[] {
  const [starts, ends] = [Date.parse(day.starts_at), Date.parse(day.ends_at)];
  return all
    .filter((span) => span.until > starts && span.from < ends)
    .map((span) => ({ ...span, from: Math.max(span.from, starts), until: Math.min(span.until, ends) }));
}

/** Joins spans of the same colour, whoever answers: what a strip draws. */
export function coloured(all: readonly Span[]): readonly Span[] {
  const found: Span[] = [];
  for (const span of all) {
    const last = found.at(-1);
    if (last?.colour === span.colour) found[found.length - 1] = { ...last, until: span.until };
    else found.push(span);
  }
  return found;
}

export interface Hole {
  readonly from: number;
  readonly until: number;
  readonly patients: readonly Covered[];
}

/** Returns when nobody answers, soonest first; patients with the same hole together. */
export function holes(items: readonly Covered[]): readonly Hole[] {
  const found = new Map<string, { from: number; until: number; patients: Covered[] }>();
  for (const item of items) {
    for (const span of coloured(spans(item.cells))) {
      if (span.colour !== "nobody") continue;
      const key = `${String(span.from)} ${String(span.until)}`;
      const hole = found.get(key);
      if (hole) hole.patients.push(item);
      else found.set(key, { from: span.from, until: span.until, patients: [item] });
    }
  }
  return [...found.values()].sort((a, b) => a.from - b.from || a.until - b.until);
}

/** Returns the teams that gaps fall to, those with most hours first. */
export function bases(items: readonly Covered[]): readonly { readonly team: string; readonly hours: number }[] {
  const hours = new Map<string, number>();
  for (const item of items) {
    for (const span of spans(item.cells)) {
      if (span.colour === "fallback") hours.set(span.team, (hours.get(span.team) ?? 0) + (span.until - span.from) / 3_600_000);
    }
  }
  return [...hours].map(([team, sum]) => ({ team, hours: sum })).sort((a, b) => b.hours - a.hours);
}

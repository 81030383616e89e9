// Waveforms from what the API sends to numbers, and where there are any. Pure.

import type { Cell, TraceOf } from "../types";

export interface Trace {
  readonly kind: string;
  readonly lead: string;
  readonly unit: string;
  readonly fsHz: number;
  /** When the first sample was measured, ms since 1970. */
  readonly t0: number;
  /** In `unit`. */
  readonly values: Float32Array;
}

/** Returns a trace's samples in its unit; the wire has little-endian int16 in base64, whatever this machine is. */
export function decoded(trace: TraceOf): Trace {
  const bytes = Uint8Array.from(atob(trace.samples ?? ""), (letter) => letter.charCodeAt(0));
  const raw = new DataView(bytes.buffer);
  const values = new Float32Array(Math.floor(bytes.length / 2));
  for (let place = 0; place < values.length; place++) values[place] = raw.getInt16(2 * place, true) * trace.scale + trace.offset;
  return { kind: trace.kind, lead: trace.lead, unit: trace.unit, fsHz: trace.fs_hz, t0: trace.t0, values };
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

const CELL_MS = 10_000;

/** Returns the stretches in which there is a waveform: ten-second pieces that lie next to each other, joined. */
export function stretches(cells: readonly Pick<Cell, "at">[]): Stretch[] {
  const found: { from: number; to: number }[] = [];
  for (const { at } of cells) {
    const last = found.at(-1);
    if (last && at - CELL_MS <= last.to) last.to = at;
    else found.push({ from: at - CELL_MS, to: at });
  }
  return found;
}

/** Returns where the page before or after an instant begins: the next one that shows anything; null where none is. */
export function turned(all: readonly Stretch[], at: number, step: number): number | null {
  const wanted = at + step;
  const inside = all.find((each) => wanted < each.to && wanted + Math.abs(step) > each.from);
  if (inside) return Math.max(inside.from, Math.min(wanted, inside.to - 1000));
  const next = step > 0 ? all.find((each) => each.from >= wanted) : [...all].reverse().find((each) => each.to <= at);
  if (!next) return null;
  return step > 0 ? next.from : Math.max(next.from, next.to - Math.abs(step));
}

/** Returns the ten seconds that hold an instant, null where nothing is told of them. */
export const cellAt = (cells: readonly Cell[], at: number): Cell | null => cells.find((each) => at > each.at - CELL_MS && at <= each.at) ?? null;

/** Returns the ten-second pieces of which something is shown between two instants. */
export const shownCells = (cells: readonly Cell[], from: number, to: number): Cell[] => cells.filter((each) => each.at > from && each.at - CELL_MS < to);

export const quality = (cell: Cell | null, kind: string): number | null => (cell === null ? null : kind === "ppg" ? cell.ppg_quality : cell.ecg_quality);

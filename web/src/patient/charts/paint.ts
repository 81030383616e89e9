// What is drawn behind and over a curve: nights, limits, alerts and flags. Draws on uPlot's canvas and leaves no trace in
// its settings. Colours come in; red, yellow and cyan are alarms' alone, so limits are drawn in ink.

import type uPlot from "uplot";
import type { Level } from "../../alerts/look";
import type { Piece } from "./bands";
import type { Stretch } from "./wallclock";

export type Inks = Readonly<Record<"line" | "ink" | "band" | "curve" | "night" | Level, string>>;

export function inks(): Inks {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return { line: of("line"), ink: of("ink-3"), band: of("band"), curve: of("curve"), night: of("ink"), high: of("high"), medium: of("medium"), low: of("low"), technical: of("technical") };
}

/** Draws within the plot's own box, whatever is to be drawn. */
export function within(plot: uPlot, draw: () => void): void {
  const { left, top, width, height } = plot.bbox;
  plot.ctx.save();
  plot.ctx.beginPath();
  plot.ctx.rect(left, top, width, height);
  plot.ctx.clip();
  draw();
  plot.ctx.restore();
}

const x = (plot: uPlot, at: number): number => plot.valToPos(at / 1000, "x", true);

export function darken(plot: uPlot, nights: readonly Stretch[], ink: Inks): void {
  plot.ctx.fillStyle = ink.night;
  plot.ctx.globalAlpha = 0.055;
  for (const night of nights) plot.ctx.fillRect(x(plot, night.from), plot.bbox.top, x(plot, night.to) - x(plot, night.from), plot.bbox.height);
  plot.ctx.globalAlpha = 1;
}

export function shade(plot: uPlot, pieces: readonly Piece[], ink: Inks): void {
  const { top, height } = plot.bbox;
  const y = (value: number | null, edge: number): number => (value === null ? edge : plot.valToPos(value, "y", true));
  for (const { from, to, band } of pieces) {
    const [left, right] = [x(plot, from), x(plot, to)];
    const upper = y(band.warn_high ?? band.alert_high, top);
    const lower = y(band.warn_low ?? band.alert_low, top + height);
    plot.ctx.fillStyle = ink.band;
    plot.ctx.fillRect(left, upper, right - left, lower - upper);
    plot.ctx.strokeStyle = ink.ink;
    plot.ctx.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]);
    plot.ctx.lineWidth = devicePixelRatio;
    for (const value of [band.alert_low, band.alert_high]) {
      if (value === null) continue;
      plot.ctx.beginPath();
      plot.ctx.moveTo(left, y(value, 0));
      plot.ctx.lineTo(right, y(value, 0));
      plot.ctx.stroke();
    }
  }
}

/** Draws an upright line for each alert, in its colour and with a head of its own shape, and a thin one for each flag. */
export function rule(plot: uPlot, alerts: readonly { readonly at: number; readonly level: Level }[], flags: readonly number[], ink: Inks): void {
  const { top, height } = plot.bbox;
  plot.ctx.fillStyle = ink.curve;
  plot.ctx.globalAlpha = 0.5;
  for (const at of flags) plot.ctx.fillRect(x(plot, at), top, devicePixelRatio, height);
  plot.ctx.globalAlpha = 1;
  for (const { at, level } of alerts) {
    plot.ctx.fillStyle = ink[level];
    plot.ctx.fillRect(x(plot, at) - devicePixelRatio, top, 2 * devicePixelRatio, height);
    head(plot, x(plot, at), level);
  }
}

function head(plot: uPlot, at: number, level: Level): void {
  const size = 5 * devicePixelRatio;
  const foot = plot.bbox.top + size;
  plot.ctx.beginPath();
  if (level === "low") plot.ctx.arc(at, foot, size, 0, 2 * Math.PI);
  else if (level === "medium") {
    plot.ctx.moveTo(at, foot - size);
    plot.ctx.lineTo(at + size, foot);
    plot.ctx.lineTo(at, foot + size);
    plot.ctx.lineTo(at - size, foot);
  } else plot.ctx.rect(at - size, foot - size, 2 * size, 2 * size);
  plot.ctx.fill();
}

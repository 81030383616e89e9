// The page's icon and title for each state: the shape of the loudest alert with how many ring, or a cross when this
// screen is dead. Drawn here, so that it needs no request. Says nothing about whom it is.

import { STARS, type Level } from "./look";

export type Face = Level | "dead" | null;

const FILLS: Readonly<Record<Level, readonly [string, string]>> = {
  high: ["#c3152b", "#ffffff"],
  medium: ["#ffcf1a", "#1d1600"],
  low: ["#22b8d9", "#00171d"],
  technical: ["#6a3fa6", "#ffffff"],
};
const CORNERS: Readonly<Record<Level, readonly (readonly [number, number])[]>> = {
  high: [[20, 2], [44, 2], [62, 20], [62, 44], [44, 62], [20, 62], [2, 44], [2, 20]],
  medium: [[32, 0], [64, 32], [32, 64], [0, 32]],
  low: Array.from({ length: 32 }, (_, n) => [32 + 31 * Math.cos((n * Math.PI) / 16), 32 + 31 * Math.sin((n * Math.PI) / 16)] as const),
  technical: [[3, 3], [61, 3], [61, 61], [3, 61]],
};

/** Returns the title of the page: its state first, since a tab shows no more than that. */
export function title(face: Face, ringing: number, dead: string): string {
  if (face === "dead") return `✕ ${dead} – Hemvakt`;
  return face === null ? "Hemvakt" : `(${String(ringing)}) ${STARS[face]} Hemvakt`;
}

/** Returns the icon of a state as the address of an image. */
export function icon(face: Face, ringing: number): string {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const pen = canvas.getContext("2d");
  if (face === null || !pen) return "/favicon.svg";
  if (face === "dead") cross(pen);
  else shape(pen, face, ringing);
  return canvas.toDataURL("image/png");
}

function cross(pen: CanvasRenderingContext2D): void {
  pen.fillStyle = "#14202a";
  pen.fillRect(0, 0, 64, 64);
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 10;
  pen.stroke(new Path2D("M16 16 48 48M48 16 16 48"));
}

function shape(pen: CanvasRenderingContext2D, level: Level, ringing: number): void {
  const [fill, ink] = FILLS[level];
  pen.fillStyle = fill;
  pen.beginPath();
  for (const [x, y] of CORNERS[level]) pen.lineTo(x, y);
  pen.fill();
  pen.fillStyle = ink;
  pen.font = "700 40px sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(ringing > 9 ? "9+" : String(ringing), 32, 35);
}

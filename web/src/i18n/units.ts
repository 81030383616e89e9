const UNIT = String.raw`%|/min|mmHg|°C|kg|l/min|mmol/l|mV|s|min|h|dygn|days?`;
const BEFORE = new RegExp(String.raw`(\d) (?=(?:${UNIT})(?![\p{L}\p{N}]))`, "giu");

/** Keeps a number, its unit and the sign before it on one line. */
export const joined = (text: string): string => text.replace(BEFORE, "$1\u00a0").replace(/([≤≥]) (?=\d)/g, "$1\u00a0");

// How this screen shows the board: rows or tiles, whose patients, how long the curves are. Kept on this screen.

export const SHAPES = ["rows", "tiles"] as const;
export const WHOSE = ["mine", "team", "all"] as const;
export const SPANS = [4, 24] as const;
export type Shape = (typeof SHAPES)[number];
export type Whose = (typeof WHOSE)[number];
export type SpanH = (typeof SPANS)[number];

const KEPT = "hemvakt.board";

class View {
  shape = $state<Shape>("rows");
  whose = $state<Whose>("all");
  spanH = $state<SpanH>(4);

  constructor() {
    const kept = read();
    this.shape = SHAPES.find((one) => one === kept["shape"]) ?? "rows";
    this.whose = WHOSE.find((one) => one === kept["whose"]) ?? "all";
    this.spanH = SPANS.find((one) => one === kept["spanH"]) ?? 4;
  }

  choose(changes: Partial<Pick<View, "shape" | "whose" | "spanH">>): void {
    Object.assign(this, changes);
    localStorage.setItem(KEPT, JSON.stringify({ shape: this.shape, whose: this.whose, spanH: this.spanH }));
  }
}

function read(): Readonly<Record<string, unknown>> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export const view = new View();

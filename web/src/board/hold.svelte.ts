// Holds an order still while a mouse, pen or finger is on a list, and a moment longer.

const IDLE_MS = 20_000;
const LIFT_MS = 3_000;

export class Hold {
  active = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Attach to the list: {@attach hold.on}. */
  readonly on = (list: HTMLElement): (() => void) => {
    const touch = (): void => { this.#keep(IDLE_MS); };
    const leave = (event: PointerEvent): void => {
      if (event.pointerType === "mouse") this.#release();
      else this.#keep(LIFT_MS);
    };
    const listened = ["pointerenter", "pointermove", "pointerdown"] as const;
    for (const name of listened) list.addEventListener(name, touch);
    const left = ["pointerleave", "pointerup", "pointercancel"] as const;
    for (const name of left) list.addEventListener(name, name === "pointerup" ? touch : leave);
    list.addEventListener("touchend", () => { this.#keep(LIFT_MS); });
    return () => { clearTimeout(this.#timer); };
  };

  #keep(ms: number): void {
    this.active = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { this.active = false; }, ms);
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.active = false;
  }
}

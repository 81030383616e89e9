// The server's clock, as this screen knows it: each message's time plus what has passed here since, on a clock that
// nobody can set. A message can only arrive late, so of the last ones the one that puts the clock furthest is right.

const KEPT = 20;

export class ServerClock {
  #offsets: number[] = [];

  hear(serverMs: number, monotonicMs: number): void {
    this.#offsets = [...this.#offsets, serverMs - monotonicMs].slice(-KEPT);
  }

  /** Starts anew: the own clock may have stood still while the machine slept. */
  forget(): void {
    this.#offsets = [];
  }

  /** Returns the server's time in ms since 1970, or `fallbackMs` while no message has come. */
  at(monotonicMs: number, fallbackMs: number): number {
    return this.#offsets.length === 0 ? fallbackMs : monotonicMs + Math.max(...this.#offsets);
  }
}

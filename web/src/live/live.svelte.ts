// The live state that the screens show, painted at most once a frame, and the health of the connection itself.

import type { Alert, LiveMessage } from "../api/types";
import { sound } from "../alerts/sound.svelte";
import { ServerClock } from "./clock";
import { heartbeat } from "./heard";
import { LiveSocket } from "./socket";
import { EMPTY, reduce, withAlert, type LiveState } from "./state";

const FRAME_MS = 400;

class Live {
  state = $state.raw<LiveState>(EMPTY);
  now = $state(Date.now());
  connected = $state(false);
  downSince = $state<number | null>(null);
  heardAt = $state<number | null>(null);

  #clock = new ServerClock();
  #pending: LiveState = EMPTY;
  #drawing = false;
  #socket: LiveSocket | null = null;
  #ticker: ReturnType<typeof setInterval> | undefined;

  start(loggedOut: () => void): void {
    if (this.#socket) return;
    this.downSince = Date.now();
    this.#socket = new LiveSocket({
      message: (message) => { this.#take(message); },
      up: () => { this.#up(); },
      down: () => { this.#down(); },
      loggedOut,
      says: (walk) => heartbeat(this.state.alerts.values(), sound.ready && document.visibilityState === "visible", walk),
      stays: () => new Set([...this.#pending.patients.values()].map((tile) => tile.stay_id)),
    });
    this.#socket.start();
    this.#ticker = setInterval(() => { this.#tick(); }, 1_000);
  }

  stop(): void {
    this.#socket?.stop();
    this.#socket = null;
    clearInterval(this.#ticker);
    this.#pending = EMPTY;
    this.state = EMPTY;
    this.connected = false;
    this.#clock.forget();
  }

  /** Shows an alert as the server answered it, without waiting for the live message. */
  put(alert: Alert): void {
    this.#pending = withAlert(this.#pending, alert);
    this.#paint();
  }

  #take(message: LiveMessage): void {
    if ("server_time" in message) this.#clock.hear(Date.parse(message.server_time), performance.now());
    this.heardAt = this.#serverNow();
    this.#pending = reduce(this.#pending, message);
    this.#paint();
  }

  #paint(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    // A hidden page gets no frames, but its sound and title have to go on.
    const draw = (): void => {
      if (!this.#drawing) return;
      this.#drawing = false;
      const news = this.state.alerts !== this.#pending.alerts;
      this.state = this.#pending;
      if (news) this.#socket?.say();
    };
    requestAnimationFrame(draw);
    setTimeout(draw, FRAME_MS);
  }

  #up(): void {
    this.connected = true;
    this.downSince = null;
  }

  #down(): void {
    this.connected = false;
    this.downSince ??= this.#serverNow();
    this.#clock.forget();
  }

  #serverNow(): number {
    return this.#clock.at(performance.now(), Date.now());
  }

  #tick(): void {
    this.now = this.#serverNow();
  }
}

export const live = new Live();

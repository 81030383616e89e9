// The live state that the screens show, painted at most once a frame, and the health of the connection itself.

import type { Alert, LiveMessage } from "../api/types";
import { sound } from "../alerts/sound.svelte";
import { ServerClock } from "./clock";
import { heartbeat } from "./heard";
import { LiveSocket } from "./socket";
import { EMPTY, reduce, withAlert, withValues, type LiveState, type Values } from "./state";

const FRAME_MS = 400;
/** Values are painted together, this often; alerts and everything else at the next frame. */
const VALUES_MS = 250;
/** More do not wait for that: a page out of sight is woken seldom. */
const MOST_VALUES = 2_000;

class Live {
  state = $state.raw<LiveState>(EMPTY);
  now = $state(Date.now());
  /** The minute that has begun last. */
  readonly minute = $derived(Math.floor(this.now / 60_000) * 60_000);
  connected = $state(false);
  downSince = $state<number | null>(null);
  /** When something was last heard, as of the last painting or second. */
  heardAt = $state<number | null>(null);
  /** The screen has slept, and what it would show is from before: nothing is shown until the state has come anew. */
  waking = $state(false);

  #clock = new ServerClock();
  #pending: LiveState = EMPTY;
  #values: Values[] = [];
  #heardAt: number | null = null;
  #drawing = false;
  #awake = false;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #socket: LiveSocket | null = null;
  #turn = 0;
  #ticker: ReturnType<typeof setInterval> | undefined;

  start(loggedOut: () => void): void {
    if (this.#socket) return;
    this.downSince = Date.now();
    this.#socket = new LiveSocket({
      message: (message) => { this.#take(message); },
      up: () => { this.#up(); },
      down: () => { this.#down(); },
      asleep: () => {
        this.#awake = false;
        this.waking = this.state.loaded;
      },
      loggedOut,
      says: (walk) => heartbeat(this.state.alerts.values(), this.#listening(), walk, opened(location.pathname), this.#turn++),
      stays: () => [...this.#pending.patients.values()].map((tile) => tile.stay_id),
    });
    this.#socket.start();
    this.#ticker = setInterval(() => { this.#tick(); }, 1_000);
  }

  stop(): void {
    this.#socket?.stop();
    this.#socket = null;
    clearInterval(this.#ticker);
    clearTimeout(this.#soon);
    this.#values = [];
    this.#pending = EMPTY;
    this.state = EMPTY;
    this.connected = false;
    this.waking = false;
    this.#clock.forget();
  }

  /** Shows an alert as the server answered it, without waiting for the live message. */
  put(alert: Alert): void {
    this.#pending = withAlert(this.#pending, alert);
    this.#paint();
  }

  /** Tells the server what this page shows now: another page has been opened in it. */
  say(): void {
    this.#socket?.say();
  }

  #listening(): boolean {
    return sound.ready && document.visibilityState === "visible";
  }

  #take(message: LiveMessage): void {
    if ("server_time" in message) this.#clock.hear(Date.parse(message.server_time), performance.now());
    this.#heardAt = this.#serverNow();
    if (message.type === "vitals") {
      this.#values.push(message);
      if (this.#values.length >= MOST_VALUES) this.#settle();
      this.#soon ??= setTimeout(() => { this.#paint(); }, VALUES_MS);
      return;
    }
    this.#settle();
    this.#pending = reduce(this.#pending, message);
    if (message.type === "snapshot" || message.type === "resumed") this.#awake = true;
    this.#paint();
  }

  #settle(): void {
    if (this.#values.length > 0) this.#pending = withValues(this.#pending, this.#values.splice(0));
  }

  #paint(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (this.#drawing) return;
    this.#drawing = true;
    // A hidden page gets no frames, but its sound and title have to go on.
    const draw = (): void => {
      if (!this.#drawing) return;
      this.#drawing = false;
      this.#settle();
      this.heardAt = this.#heardAt;
      const news = this.state.alerts !== this.#pending.alerts;
      this.state = this.#pending;
      if (this.#awake) this.#awake = this.waking = false;
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
    this.heardAt = this.#heardAt;
  }
}

/** Returns the patient whose page an address is of. */
function opened(path: string): number | null {
  const found = /^\/patient\/(\d{1,15})/.exec(path)?.[1];
  return found === undefined ? null : Number(found);
}

export const live = new Live();

// The live connection: connects, resumes, notices holes and silence, and tells the server that a screen listens.
// Decides nothing about what the messages mean. Invariant: every message handed on follows the one before it.

import type { LiveMessage } from "../api/types";
import type { Heartbeat } from "./heard";
import { backOff, judge } from "./stream";

const BEAT_MS = 5_000;
const SILENT_MS = 6_000;
const ASLEEP_MS = 4_000;
/** Hidden for longer than this, a page has nothing that it may show before it has asked again. */
const HIDDEN_MS = 15_000;
const LOGGED_OUT = 4401;
const RIGHTS_CHANGED = 4408;

export interface Listener {
  readonly message: (message: LiveMessage) => void;
  readonly up: () => void;
  readonly down: () => void;
  /** The page has been asleep, or out of sight for long: what it shows is from before. */
  readonly asleep: () => void;
  readonly loggedOut: () => void;
  readonly says: (walk: number | null) => Heartbeat;
  readonly stays: () => readonly number[];
}

export class LiveSocket {
  #socket: WebSocket | null = null;
  #last: number | null = null;
  #stream = "";
  #walk: number | null = null;
  #attempt = 0;
  #heardAt = performance.now();
  #checkedAt = Date.now();
  #hiddenAt: number | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly listener: Listener) {}

  start(): void {
    this.#connect();
    this.#watch = setInterval(() => { this.#check(); }, 1_000);
    this.#beat = setInterval(() => { this.say(); }, BEAT_MS);
    document.addEventListener("visibilitychange", this.#shown);
    addEventListener("online", this.#again);
  }

  stop(): void {
    clearTimeout(this.#retry);
    clearInterval(this.#watch);
    clearInterval(this.#beat);
    document.removeEventListener("visibilitychange", this.#shown);
    removeEventListener("online", this.#again);
    this.#drop();
  }

  /** Forgets the place in the stream and asks for the whole state. */
  resync(): void {
    this.#last = null;
    this.#reconnect(0);
  }

  readonly #shown = (): void => {
    if (document.visibilityState === "hidden") {
      this.#hiddenAt = Date.now();
      return;
    }
    if (this.#hiddenAt !== null && Date.now() - this.#hiddenAt > HIDDEN_MS) this.listener.asleep();
    this.#hiddenAt = null;
    this.resync();
  };

  readonly #again = (): void => {
    this.#reconnect(0);
  };

  /** Tells the server what is shown now, without waiting for the next heartbeat. */
  say(): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(this.listener.says(this.#walk)));
  }

  #connect(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const since = this.#last === null ? "" : `?since=${String(this.#last)}&stream=${this.#stream}`;
    const socket = new WebSocket(`${scheme}://${location.host}/api/live${since}`);
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.onopen = () => { this.say(); };
    socket.onmessage = (event: MessageEvent<string>) => {
      if (socket === this.#socket) this.#hear(JSON.parse(event.data) as LiveMessage);
    };
    socket.onclose = (event) => {
      if (socket !== this.#socket) return;
      if (event.code === LOGGED_OUT) {
        this.stop();
        this.listener.loggedOut();
      } else {
        if (event.code === RIGHTS_CHANGED) this.#last = null;
        this.#reconnect(backOff(this.#attempt++, Math.random()));
      }
    };
  }

  #hear(message: LiveMessage): void {
    this.#heardAt = performance.now();
    if (judge(this.#last, message, this.listener.stays) === "hole") {
      this.resync();
      return;
    }
    this.#attempt = 0;
    this.#last = message.seq;
    if (message.type === "heartbeat") this.#walk = message.walk ?? this.#walk;
    if (message.type === "snapshot" || message.type === "resumed") this.#stream = message.stream;
    this.listener.up();
    this.listener.message(message);
  }

  #check(): void {
    const now = Date.now();
    const slept = now - this.#checkedAt > ASLEEP_MS && document.visibilityState === "visible";
    this.#checkedAt = now;
    if (slept) {
      this.listener.asleep();
      this.resync();
    } else if (this.#socket && performance.now() - this.#heardAt > SILENT_MS) this.#reconnect(backOff(this.#attempt++, Math.random()));
  }

  #reconnect(wait: number): void {
    this.#drop();
    this.listener.down();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => { this.#connect(); }, wait);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }
}

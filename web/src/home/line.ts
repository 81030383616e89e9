// The live line of a home page: the whole page when something of it is new, and a beat every few seconds. It comes back
// by itself. What it brings decides nothing here; a line that is silent too long is called dead and opened anew.

import type { components } from "../api/schema";
import type { Home } from "./api";

type Message = components["schemas"]["HomeLiveMessage"];

const SILENT_MS = 10_000;
const AGAIN_MS = 3_000;

export interface Told {
  home: (home: Home) => void;
  beat: () => void;
  /** The line is gone, whatever the reason: ask by the other way what is so. */
  gone: () => void;
}

export class Line {
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #patient: number | null = null;

  constructor(readonly told: Told) {}

  /** Follows a patient's page; the one that is followed already goes on. */
  follow(patient: number): void {
    if (patient === this.#patient) return;
    this.stop();
    this.#patient = patient;
    this.#open();
  }

  stop(): void {
    this.#patient = null;
    this.#wait(null, 0);
    this.#drop();
  }

  #open(): void {
    if (this.#patient === null) return;
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/api/patients/${String(this.#patient)}/home/live`);
    this.#socket = socket;
    const end = (): void => { this.#end(); };
    socket.onmessage = (event: MessageEvent<string>) => {
      this.#wait(end, SILENT_MS);
      const message = JSON.parse(event.data) as Message;
      if (message.type === "home") this.told.home(message.home);
      else this.told.beat();
    };
    socket.onclose = end;
    this.#wait(end, SILENT_MS);
  }

  #end(): void {
    this.#drop();
    this.#wait(() => { this.#open(); }, AGAIN_MS);
    this.told.gone();
  }

  #drop(): void {
    if (!this.#socket) return;
    this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }

  #wait(act: (() => void) | null, ms: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = act && setTimeout(act, ms);
  }
}

// The sound of the board. A browser plays nothing before a click on the page, so the sound is tested at the start of
// a shift, and until then, or when the browser blocks it, the screen says that it is silent. There is one volume: what
// is heard at the test is heard at night.

import { BURSTS, type Burst, type Tone } from "./signal";
import type { Level } from "./look";

const VOLUME = 0.35;
const EDGE_S = 0.012;

class Sound {
  ready = $state(false);
  /** It was tested here, and the browser has taken it away since, or did not give it. */
  blocked = $state(false);
  #context: AudioContext | null = null;
  #level: Level | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Unlocks the sound and plays the burst of a level once: what is heard now is heard at night. */
  async test(level: Level = "medium"): Promise<void> {
    this.#context ??= new AudioContext();
    this.#context.onstatechange = () => { this.#look(); };
    await Promise.race([this.#context.resume(), new Promise((done) => setTimeout(done, 1_000))]);
    this.#look();
    if (this.ready) this.#play(BURSTS[level]);
  }

  /** Sounds as this level until told otherwise; one sound at a time. */
  sound(level: Level | null): void {
    if (level === this.#level) return;
    this.#level = level;
    clearTimeout(this.#timer);
    this.#again();
  }

  #look(): void {
    this.ready = this.#context?.state === "running";
    this.blocked = !this.ready;
  }

  #again(): void {
    if (this.#level === null) return;
    const burst = BURSTS[this.#level];
    if (this.ready) this.#play(burst);
    this.#timer = setTimeout(() => { this.#again(); }, burst.everyS * 1_000);
  }

  #play(burst: Burst): void {
    for (const tone of burst.tones) this.#tone(tone);
  }

  #tone({ hz, atS, lengthS }: Tone): void {
    const context = this.#context;
    if (!context) return;
    const start = context.currentTime + atS;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(VOLUME, start + EDGE_S);
    gain.gain.setValueAtTime(VOLUME, start + lengthS - EDGE_S);
    gain.gain.linearRampToValueAtTime(0, start + lengthS);
    gain.connect(context.destination);
    // A tone with overtones is found in a room more easily than a pure one.
    for (const [times, share] of [[1, 0.7], [2, 0.2], [3, 0.1]] as const) {
      const part = context.createGain();
      part.gain.value = share;
      const oscillator = context.createOscillator();
      oscillator.frequency.value = hz * times;
      oscillator.connect(part).connect(gain);
      oscillator.start(start);
      oscillator.stop(start + lengthS);
    }
  }
}

export const sound = new Sound();

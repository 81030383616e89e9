// The orders of SpO2 scale 2 that wait for whoever is logged in: asked now and every minute, by doctors alone.

import { http, told } from "../api/client";
import type { components } from "../api/schema";

type Order = components["schemas"]["WaitingOrder"];
const AGAIN_MS = 60_000;

class Orders {
  waiting = $state.raw<readonly Order[]>([]);

  /** Asks until called off; where nobody answers, what was known stays. */
  follow(): () => void {
    const ask = (): void => {
      told(http.GET("/api/orders")).then((found) => { this.waiting = found.items; }, () => undefined);
    };
    ask();
    const timer = setInterval(ask, AGAIN_MS);
    return () => { clearInterval(timer); };
  }
}

export const orders = new Orders();

// A save under way: nothing changes on the screen before the server has said so, and a failure says what it was.

import { Refused } from "../api/client";
import { words } from "../i18n/words.svelte";
import { whyNot } from "../shell/refused";

export class Saving {
  state = $state<"still" | "saving" | "saved" | "failed" | "conflict">("still");
  detail = $state("");

  /** Runs a request; gives its answer, or null when it failed. */
  async run<T>(request: () => Promise<T>): Promise<T | null> {
    this.state = "saving";
    this.detail = "";
    try {
      const answer = await request();
      this.state = "saved";
      return answer;
    } catch (failure) {
      const refused = failure instanceof Refused ? failure : null;
      this.state = refused?.status === 409 || refused?.status === 412 ? "conflict" : "failed";
      this.detail = whyNot(failure, words.language);
      return null;
    }
  }
}

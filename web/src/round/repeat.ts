// The key of what creates: the same for the same words, so that a repeat after a broken answer creates nothing again,
// another for other words.

export class Repeat {
  #said = "";
  #key = "";

  of(body: unknown): string {
    const said = JSON.stringify(body);
    if (said !== this.#said || this.#key === "") [this.#said, this.#key] = [said, crypto.randomUUID()];
    return this.#key;
  }

  /** The answer has come: the same words again are meant anew. */
  done(): void {
    this.#key = "";
  }
}

// How large the text of these pages is on this screen: three sizes, the largest twice what a browser starts with.

const KEPT = "hemvakt.text";
const PERCENT = { "1": 100, "2": 150, "3": 200 } as const;
type Size = keyof typeof PERCENT;
const SIZES = Object.keys(PERCENT) as readonly Size[];

class Text {
  size = $state<Size>(SIZES.find((size) => size === localStorage.getItem(KEPT)) ?? "1");

  get percent(): number {
    return PERCENT[this.size];
  }

  next(): void {
    this.size = SIZES[(SIZES.indexOf(this.size) + 1) % SIZES.length] ?? "1";
    localStorage.setItem(KEPT, this.size);
    document.documentElement.dataset["home"] = this.size;
  }

  /** Makes the page a home page, until what it returns is called. */
  apply(): () => void {
    document.documentElement.dataset["home"] = this.size;
    return () => { delete document.documentElement.dataset["home"]; };
  }
}

export const text = new Text();

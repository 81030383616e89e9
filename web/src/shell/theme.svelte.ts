// Light or dark: as the machine says, or as chosen on this screen.

const KEPT = "hemvakt.theme";
const MODES = ["auto", "light", "dark"] as const;
export type Mode = (typeof MODES)[number];

class Theme {
  mode = $state<Mode>(MODES.find((mode) => mode === localStorage.getItem(KEPT)) ?? "auto");

  next(): void {
    this.mode = MODES[(MODES.indexOf(this.mode) + 1) % MODES.length] ?? "auto";
    localStorage.setItem(KEPT, this.mode);
  }
}

export const theme = new Theme();

// Where the keyboard is among the alerts. An act takes its button away and often moves its card: whoever works by keys goes
// on from the card, and from the top of the lane where the card is gone, never from the top of the page.

let place: number | null = null;

/** Remembers the alert of whose card a button is being pressed by keys. */
export function remember(alert: number, card: Element | null | undefined): void {
  const pressed = document.activeElement;
  place = pressed !== null && card?.contains(pressed) && pressed.matches(":focus-visible") ? alert : null;
}

export function forget(): void {
  place = null;
}

/** Brings the keyboard back to that alert where it has been lost, once what has changed is drawn. */
export function resume(): void {
  if (place === null) return;
  const card = document.querySelector<HTMLElement>(`[data-testid="alert-${String(place)}"]`);
  const pressed = document.activeElement;
  if (pressed === null || pressed === document.body) (card ?? document.getElementById("alerts"))?.focus();
  else if (!card?.contains(pressed)) forget();
  if (!card) forget();
}

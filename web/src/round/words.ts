// The words of the round, the hand-over and the coverage.

export const sv = {
  "round.nav": "Rond",
} as const;

export const en: Readonly<Record<keyof typeof sv, string>> = {
  "round.nav": "Round",
};

// The words of the plan editor and its back-tests.

export const sv = {
  "tuning.nav": "Gränser",
} as const;

export const en: Readonly<Record<keyof typeof sv, string>> = {
  "tuning.nav": "Limits",
};

// The words of the page of patients and relatives.

export const sv = {
  "home.title": "Min hemvård",
} as const;

export const en: Readonly<Record<keyof typeof sv, string>> = {
  "home.title": "My care at home",
};

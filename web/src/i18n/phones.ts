/** Keeps the figures of a telephone number on one line. */
export const whole = (text: string): string => text.replace(/\b0\d+-\d[\d ]*\d/g, (phone) => phone.replaceAll(" ", "\u00a0").replace("-", "\u2011"));

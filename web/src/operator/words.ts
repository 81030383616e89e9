// The words of the operator's page.

export const sv = {
  "operator.nav": "Drift",
  "operator.title": "Drift",
  "operator.lead": "Den som sköter driften ser inga patienter här, och inga mätvärden.",
  "operator.log": "Vilka som har tittat på en patient",
  "operator.number": "Patientens nummer i Hemvakt",
  "operator.show": "Visa",
  "operator.log_of": "Patient {id}",
  "operator.elsewhere": "Konton, enheter, team och granskning sköts med kommandon och genom API:et. Hur står i handboken för drift (docs/operating.md).",
} as const;

export const en: Readonly<Record<keyof typeof sv, string>> = {
  "operator.nav": "Operation",
  "operator.title": "Operation",
  "operator.lead": "Who runs Hemvakt sees no patients here, and no readings.",
  "operator.log": "Who has looked at a patient",
  "operator.number": "The patient's number in Hemvakt",
  "operator.show": "Show",
  "operator.log_of": "Patient {id}",
  "operator.elsewhere": "Accounts, devices, teams and reviews are managed by commands and through the API. The operating manual says how (docs/operating.md).",
};

// A refusal is said in the language of the page, whatever the server gave as its grounds.

import { expect, test } from "vitest";
import { Refused } from "../api/client";
import { whyNot } from "./refused";

const refused = (status: number, problem: Readonly<Record<string, unknown>>): Refused => new Refused(status, "English.", problem);

test("h35: Swedish is Swedish: faults and what has names in it first, then the reason, then the status", () => {
  expect(whyNot(refused(422, { reason: "not_believed", faults: [{ sv: "Puls 900 går inte.", en: "Pulse 900 cannot be." }] }), "sv")).toBe("Puls 900 går inte.");
  expect(whyNot(refused(409, { reason: "taken", detail_sv: "Anna har redan tagit larmet." }), "sv")).toBe("Anna har redan tagit larmet.");
  expect(whyNot(refused(409, { reason: "name_taken" }), "sv")).toBe("Namnet är upptaget. Välj ett annat.");
  expect(whyNot(refused(403, {}), "sv")).toBe("Du har inte rätt till det.");
  expect(whyNot(refused(418, { reason: "no such reason" }), "sv")).toBe("Det gick inte.");
  expect(whyNot(new TypeError("no network"), "sv")).toBe("Servern kan inte nås.");
  expect(whyNot(refused(409, { reason: "taken", detail_sv: "Anna har redan tagit larmet." }), "en")).toBe("English.");
});

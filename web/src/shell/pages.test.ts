// The table of pages: an address leads to its page, for those it is for.

import { expect, test } from "vitest";
import { find, PAGES as ALL, type PageOf } from "./pages";

const load: PageOf["load"] = () => Promise.reject(new Error("not loaded here"));
const PAGES: readonly PageOf[] = [
  { path: "/", of: ["staff"], load },
  { path: "/", of: ["patient", "relative"], load },
  { path: "/patient/:id", of: ["staff"], load },
];

test("an address gives its page and the parts that the pattern names", () => {
  expect(find("/patient/12/", "staff", PAGES)).toEqual({ page: PAGES[2], params: { id: "12" } });
});

test.each(["/patient", "/patient/x", "/patient/1/2", "/patient/1234567890123456", "/nothing"])("%s is no page", (path) => {
  expect(find(path, "staff", PAGES)).toBeNull();
});

test("a last part that may be left out belongs to the same page, with the same parameters", () => {
  const pages: readonly PageOf[] = [{ path: "/patient/:id/?part", of: ["staff"], load }];
  for (const path of ["/patient/3", "/patient/3/charts"]) expect(find(path, "staff", pages)?.params).toEqual({ id: "3" });
  for (const path of ["/patient/3/charts/more", "/patient/3/..", "/patient/3/4"]) expect(find(path, "staff", pages)).toBeNull();
});

test("the same address is another page for another kind of account", () => {
  expect(find("/", "staff", PAGES)?.page).toBe(PAGES[0]);
  expect(find("/", "patient", PAGES)?.page).toBe(PAGES[1]);
  expect(find("/patient/12", "patient", PAGES)).toBeNull();
});

test("h03: no page of the ward is an operator's: an empty board would say that all is well", () => {
  const ward = ALL.filter((page) => page.of.includes("staff"));
  expect(ward.length).toBeGreaterThan(8);
  expect(ward.filter((page) => page.of.includes("operator")).map((page) => page.path)).toEqual(["/security"]);
  expect(find("/", "operator")?.page.menu).toBe("operator.nav");
});

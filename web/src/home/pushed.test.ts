// What is shown of a push, and where it leads.

import { expect, test } from "vitest";
import { board, leadsTo, shown } from "./pushed";

const SENT = { title: "Larm hög – logga in", body: "Testteamet", link: "https://board.example/?alert=7", id: "one", tag: "alert-7", urgent: true };
const US = "https://board.example";

test("a push is shown as it was sent, and what is urgent stays", () => {
  const { title, options } = shown(JSON.stringify(SENT));
  expect(title).toBe("Larm hög – logga in");
  expect(options).toMatchObject({ body: "Testteamet", tag: "alert-7", renotify: true, requireInteraction: true, data: { link: SENT.link } });
  expect(shown(JSON.stringify({ ...SENT, urgent: false })).options.requireInteraction).toBe(false);
});

test("what came of a server of the version before has no tag, and takes no other's place", () => {
  const { id, title } = SENT;
  expect(shown(JSON.stringify({ id, title })).options.tag).toBe("one");
});

test.each([null, "", "{", "null", "[]", "7", '{"title":""}', '{"title":7,"body":"x"}'])("what cannot be read is shown all the same: %s", (sent) => {
  const { title, options } = shown(sent);
  expect(title).toBe("Nytt larm i Hemvakt / New alert in Hemvakt");
  expect(options).toMatchObject({ body: "", tag: "", renotify: false, requireInteraction: true });
});

test.each([
  ["https://board.example/?alert=7", `${US}/?alert=7`],
  ["https://elsewhere.example/?alert=7", `${US}/?alert=7`],
  ["https://elsewhere.example//else.example/x", `${US}/else.example/x`],
  ["javascript:alert(1)", `${US}/`],
  ["http://[", `${US}/`],
  [null, `${US}/`],
])("a touch leads to our own server alone: %s", (link, wanted) => {
  expect(leadsTo(link, US)).toBe(wanted);
});

test("an open board is found among our pages, on a wall too", () => {
  const pages = [`${US}/patient/3`, `${US}/?wall`, `${US}/round`].map((url) => ({ url }));
  expect(board(pages)?.url).toBe(`${US}/?wall`);
  expect(board(pages.slice(2))).toBeNull();
});

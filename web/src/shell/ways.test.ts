// Numbers as they are written, what stands in the way of waking a browser, and whether it still is woken.

import { expect, test } from "vitest";
import { bytes, hindrance, hintOf, international, isGone, isIos, same, standing, type Way } from "./ways";

const WAY: Way = { channel_id: 1, kind: "push", hint: "aa", mode: "real", added_at: "2026-11-23T01:00:00Z", broken_at: null, broken_reason: null };
const ABLE = { secure: true, push: true, ios: false, permission: "default" } as const;

test.each([
  ["070-174 06 05", "+46701740605"],
  [" +46 70 174 06 05 ", "+46701740605"],
  ["+46 (0)70-174 06 05", "+46701740605"],
  ["0047 22 86 41 13", "+4722864113"],
  ["08–465 005 05", "+46846500505"],
  ["170", "170"],
])("a number is written as the server takes it: %s", (typed, sent) => {
  expect(international(typed)).toBe(sent);
});

test("what stands in the way is told, the nearest first", () => {
  expect(hindrance(null, ABLE)).toBe("not_set_up");
  expect(hindrance("k", { ...ABLE, secure: false, push: false })).toBe("insecure");
  expect(hindrance("k", { ...ABLE, push: false, ios: true })).toBe("not_installed");
  expect(hindrance("k", { ...ABLE, push: false })).toBe("unsupported");
  expect(hindrance("k", { ...ABLE, permission: "denied" })).toBe("denied");
  expect(hindrance("k", ABLE)).toBeNull();
});

test("an iPad that calls itself a Mac is known by its touches", () => {
  expect(isIos("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", 5)).toBe(true);
  expect(isIos("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", 0)).toBe(false);
  expect(isIos("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", 5)).toBe(true);
});

test("a key is compared by its bytes", () => {
  expect([...bytes("BP_-")]).toEqual([4, 255, 254]);
  expect(same(bytes("BP_-").buffer, "BP_-")).toBe(true);
  expect(same(bytes("BP_-").buffer, "BP__")).toBe(false);
  expect(same(null, "BP_-")).toBe(false);
});

test("a browser knows its own way by the beginning of a digest", async () => {
  expect(await hintOf("https://fcm.googleapis.com/fcm/send/one")).toBe("004c71a3ade6");
});

test("a browser that was on goes on, subscribes anew or has been taken out", () => {
  const held = { kept: "aa", hint: "aa", current: true };
  expect(standing({ ...held, kept: null }, [WAY])).toBe("off");
  expect(standing(held, [WAY])).toBe("on");
  expect(standing({ ...held, hint: "bb" }, [WAY])).toBe("anew");
  expect(standing({ ...held, hint: null }, [])).toBe("anew");
  expect(standing({ ...held, current: false }, [WAY])).toBe("anew");
  expect(standing(held, [{ ...WAY, broken_at: "2026-11-23T01:00:00Z" }])).toBe("anew");
  expect(standing(held, [])).toBe("lost");
});

test("what its provider calls gone is told from what failed otherwise", () => {
  expect(isGone({ ...WAY, broken_reason: "HTTP 410" })).toBe(true);
  expect(isGone({ ...WAY, broken_reason: "SMTP 550" })).toBe(false);
});

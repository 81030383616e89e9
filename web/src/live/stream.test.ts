import { describe, expect, it } from "vitest";
import { judge } from "./stream";

const AT = "2026-11-21T10:00:00.000Z";
const STAYS = (): readonly number[] => [1, 2];
const beat = (prev: number) => ({ type: "heartbeat", seq: 9, prev, server_time: AT }) as const;
const resumed = (stays: number[]) => ({ type: "resumed", seq: 5, stream: "a", server_time: AT, stays }) as const;

describe("the order of the stream", () => {
  it("takes what names the message before it", () => {
    expect(judge(7, beat(7), STAYS)).toBe("take");
  });

  it("sees that one is missing, also before a heartbeat", () => {
    expect(judge(7, beat(8), STAYS)).toBe("hole");
    expect(judge(null, beat(7), STAYS)).toBe("hole");
  });

  it("goes on only with the patients that it holds", () => {
    expect(judge(7, resumed([2, 1]), STAYS)).toBe("take");
    expect(judge(7, resumed([1]), STAYS)).toBe("hole");
    expect(judge(7, resumed([1, 3]), STAYS)).toBe("hole");
  });
});

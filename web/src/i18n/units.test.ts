import { expect, test } from "vitest";
import { joined } from "./units";

test("a number and its unit stand on one line, and all else may be broken", () => {
  expect(joined("Syremättnad 84 % under gränsen 88 % i 60 s")).toBe("Syremättnad 84\u00a0% under gränsen 88\u00a0% i 60\u00a0s");
  expect(joined("Hjärtfrekvens 115 /min över gränsen 110 /min i 2 min")).toBe("Hjärtfrekvens 115\u00a0/min över gränsen 110\u00a0/min i 2\u00a0min");
  expect(joined("temperature 38.3 °C, flow 1 L/min, weight 2 kg in 3 days")).toBe("temperature 38.3\u00a0°C, flow 1\u00a0L/min, weight 2\u00a0kg in 3\u00a0days");
  expect(joined("oxygen saturation ≤ 88 %")).toBe("oxygen saturation ≤\u00a088\u00a0%");
  expect(joined("3 sekunder, 2 hembesök, 4 minst, NEWS2 minst 5, larmgräns 5")).toBe("3 sekunder, 2 hembesök, 4 minst, NEWS2 minst 5, larmgräns 5");
});

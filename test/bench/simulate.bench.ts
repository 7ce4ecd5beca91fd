import { startProgram } from "../helpers/process.ts";
import { type Bench, CRONDUIT } from "./measure/bench.ts";
import { playRounds } from "./measure/rounds.ts";
import { buildPackage } from "./measure/build-package.ts";
import type { SimulationCost } from "./simulate/fleet-program.ts";
import { MIXTURE } from "./simulate/mixed-fleet.ts";

const PARTS: Readonly<Record<string, number>> = { "100 jobs": 100, "1,000 jobs": 1_000 };
const LIMIT_MS = 600_000;

function isCost(message: unknown): message is SimulationCost {
  return typeof message === "object" && message !== null && "cpuSeconds" in message;
}

export const bench: Bench = {
  title: "A year, simulated",
  about: `
\`simulate\` plays the year 2027 of a mixed fleet on 200 slots, with an outage of eight hours, in a process of its own. ${MIXTURE}
Lengths are a function: most runs take 5 to 65 seconds, a tenth 2 to 4 minutes, one in a hundred 15 minutes. The memory is the most that the
process had, Node.js itself included.`,
  figures: {
    runs: { label: "runs, million", better: "more" },
    seconds: { label: "seconds", better: "less" },
    cpuSeconds: { label: "processor time, seconds", better: "less" },
    memoryMb: { label: "memory, MB", better: "less" },
  },
  sides: [CRONDUIT],
  async play({ quick, rounds, say }) {
    buildPackage();
    say(MIXTURE);
    const parts = quick ? ["100 jobs"] : Object.keys(PARTS);
    const count = quick ? 1 : (rounds ?? 3);
    return playRounds({ count, parts, sides: [CRONDUIT], say }, async (part) => {
      const args = [String(PARTS[part] ?? 0), quick ? "2027-01-10" : "2027-12-31"];
      await using program = startProgram("test/bench/simulate/fleet-program.ts", { args });
      const { runs, ...cost } = await program.waitFor(isCost, { timeoutMs: LIMIT_MS });
      return { runs: runs / 1e6, ...cost };
    });
  },
};

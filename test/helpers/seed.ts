// Properties are tried with the same values whenever the tests run: what fails was made to fail by a change. `SEED=random`,
// or a number, looks elsewhere.
import { configureGlobal, readConfigureGlobal } from "fast-check";

const USUAL_SEED = 20_261_121;
const { SEED } = process.env;

if (SEED !== "random")
  configureGlobal({ ...readConfigureGlobal(), seed: Number(SEED ?? USUAL_SEED) });

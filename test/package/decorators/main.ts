// A newcomer's possible first program; test/package.test.ts runs it against the packed package.
import { report } from "./report.ts";

console.log(JSON.stringify(await report()));

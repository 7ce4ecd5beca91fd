// What a newcomer's first program may look like; test/package.test.ts runs it against the packed package.
import { report } from "./report.ts";

console.log(JSON.stringify(await report()));

// Calls each method of the route that examples/api has for Next.js, without a credential.
import { scheduler } from "../../examples/api/fleet.ts";
import * as route from "../../examples/api/next-route.ts";

for (const [method, answer] of Object.entries(route)) {
  const { status } = await answer(new Request("http://localhost:3000/api/jobs/x", { method }));
  console.log(method, status);
}
await scheduler.shutdown();

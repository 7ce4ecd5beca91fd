// The API in Next.js: this is app/api/[...path]/route.ts, whose functions take and return what the web defines. Next.js passes on no
// address, so all callers without a credential count as one.
import { api } from "./fleet.ts";

const answer = (request: Request): Promise<Response> => api.fetch(request);

export { answer as DELETE, answer as GET, answer as PATCH, answer as POST, answer as PUT };

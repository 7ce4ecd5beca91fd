// Serves the HTTP API of a fleet until it is killed, see events-restart.test.ts.
import { createApi, toNodeListener } from "../../src/api.ts";
import { PipelineScheduler } from "../../src/index.ts";
import { serveStreams, type StreamPlace } from "../bench/streams/serve-streams.ts";

const place = JSON.parse(process.argv[2] ?? "{}") as StreamPlace;
process.send?.(await serveStreams({ PipelineScheduler, createApi, toNodeListener }, place));

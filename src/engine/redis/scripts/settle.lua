--[[
settle: ends runs: records the verdict, updates counters, frees the instance. A start that lost its run is refused.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] requests   JSON array of SettleRequest; durations in ms; `result` and `error` as JSON text
Returns a JSON array with one answer for each request, in order:
  {"o":"settled"}  with "ended" if the queue job ended too, because the request named its lock
  {"o":"fenced"}   another start has the run, or it has ended
Each answer also holds "now".
]]
local function settleOne(r)
  local held = readHeld(r)
  if not held then
    markAlive(r)
    return { o = "fenced" }
  end
  finishRun(r.jobId, readJob(r.jobId), r.queueJobId, held, {
    verdict = r.verdict, finishedAt = held.startedAt + r.durationMs, result = r.result, error = r.error,
    keepCount = r.keepCount, keepAgeMs = r.keepAgeMs,
  })
  return { o = "settled", ended = r.lock and endQueueJob(r.queueJobId, r.lock) or nil }
end

local answers = {}
for i, request in ipairs(cjson.decode(ARGV[5])) do
  answers[i] = settleOne(request)
  answers[i].now = NOW
end
finish()
return cjson.encode(answers)

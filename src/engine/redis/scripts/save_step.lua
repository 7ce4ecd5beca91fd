--[[
save_step: stores a step that ended, or the run's progress. A start that lost its run is refused.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] step   JSON: jobId, queueJobId, runId, start, fireAt, name, record (JSON text), maxSteps
Returns "saved", "fenced", or "too-many" (the run has as many steps as it may).
]]
local s = cjson.decode(ARGV[5])
-- Runs whose steps one new run may push out: more than arrive, so that it catches up, but bounded.
local MAX_GONE = 100
local held = readHeld(s)
if not held then
  markAlive(s)
  return "fenced"
end
local key = PREFIX .. "steps:" .. s.runId
local size = call("HLEN", key)
if size >= s.maxSteps and call("HEXISTS", key, s.name) == 0 then return "too-many" end
-- A job that was removed meanwhile has no retention any more: a day.
local keep = call("HMGET", jobKey(s.jobId), "kc", "ka")
local keepCount, keepAgeMs = tonumber(keep[1] or 1), tonumber(keep[2] or 86400000)
call("HSET", key, s.name, s.record)
if not held.hasSteps then
  -- Steps are kept like rows of the ledger: for as many runs, and as long after their end. Those of a run that has not ended
  -- stay however long it takes, since without them it would start over. Only these never expire.
  held.hasSteps = true
  writeHeld(s.jobId, s.queueJobId, held)
  local runs = PREFIX .. "step-runs:" .. s.jobId
  call("ZADD", runs, s.fireAt, s.runId)
  call("PEXPIRE", runs, keepAgeMs)
  local excess = math.min(MAX_GONE, call("ZCARD", runs) - keepCount)
  for _, old in ipairs(excess > 0 and call("ZRANGE", runs, 0, excess - 1) or {}) do
    if call("PTTL", PREFIX .. "steps:" .. old) ~= -1 then
      call("DEL", PREFIX .. "steps:" .. old)
      call("ZREM", runs, old)
    end
  end
end
return "saved"

--[[
hand_back: notes that a run is given back unfinished on purpose, so that its next attempt is not counted as a crash.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] hold   JSON: jobId, queueJobId, attempt
Returns 1 = noted, 0 = this attempt does not hold the run.
]]
local h = cjson.decode(ARGV[5])
local text = call("HGET", instancesKey(h.jobId), h.queueJobId)
local held = text and cjson.decode(text)
if not held or held.attempt ~= h.attempt then return 0 end
held.handedBack = true
call("HSET", instancesKey(h.jobId), h.queueJobId, cjson.encode(held))
emit({ name = "JOB_RETRYING", jobId = h.jobId, runId = held.id, fireAt = held.fireAt, attempt = held.attempt,
  worker = held.worker, reason = "handed back" })
finish()
return 1

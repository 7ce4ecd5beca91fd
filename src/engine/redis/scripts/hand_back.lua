--[[
hand_back: notes that a worker hands a run back unfinished on purpose, so that its next start does not count as a crash.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] hold   JSON: jobId, queueJobId, runId, start
Returns 1 = noted, 0 = this start does not hold the run, or the run is suspended anyway.
]]
local h = cjson.decode(ARGV[5])
local held = readHeld(h)
if not held then markAlive(h) end
if not held or held.suspended then return 0 end
held.isHandedBack = true
writeHeld(h.jobId, h.queueJobId, held)
emit({ name = "JOB_RETRYING", jobId = h.jobId, runId = held.id, fireAt = held.fireAt, attempt = held.attempt,
  worker = held.worker, reason = "handed back", owner = held.owner })
finish()
return 1

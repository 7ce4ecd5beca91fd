--[[
request_run: records a run asked for by hand, and adds its queue job.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] request   JSON: jobId, sequence (made by the caller, so that asking twice is asking once), params (JSON text)?,
                  ignoreCondition?
Returns the id of the run, or nil if there is no such job.
]]
local r = cjson.decode(ARGV[5])
local job = readJob(r.jobId)
if not job then return nil end
local runId = wakeUpId(r.jobId, "m", r.sequence, NOW)
call("HSET", askedKey(r.jobId), runId, cjson.encode({ fireAt = NOW, params = r.params,
  ignoreCondition = r.ignoreCondition }))
noteWaiting(r.jobId)
addQueueJob(runId, job.pipeline, NOW)
finish()
return runId

--[[
request_run: records a manual run, and adds its queue job.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] request   JSON: jobId, sequence (made by the caller, so that a repeated request makes one run), params (JSON text)?,
                  ignoreCondition?, by (who asks), bulk? (the id of the call that asks for many)
Returns the id of the run, or nil if there is no such job.
]]
local r = cjson.decode(ARGV[5])
local job = readJob(r.jobId)
if not job then return nil end
local runId = queueJobIdOf(r.jobId, "m", r.sequence, NOW)
if call("HSET", requestsKey(r.jobId), runId, cjson.encode({ fireAt = NOW, params = r.params,
  ignoreCondition = r.ignoreCondition, by = r.by })) == 1 then
  changes.keepChange({ by = r.by, what = "run", jobId = r.jobId, runId = runId, bulk = r.bulk })
end
noteWaiting(r.jobId)
addQueueJob(runId, job.pipeline, NOW)
finish()
return runId

--[[
suspend: suspends a run, which keeps its instance: a retry after a failure, or a sleep.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] request   JSON: jobId, queueJobId, runId, start, kind ("retry" or "sleep"), at (epoch ms) or inMs (from now), worker,
                  error (JSON text)?
Returns JSON:
  {"o":"suspended","waitMs":n}   put the queue job back for this long
  {"o":"until-resume"}           the job is paused, and the retry waits until it is resumed: end the queue job
  {"o":"cancelled"}              the run was to be cancelled, or the job was removed; the run has its verdict now
  {"o":"fenced"}                 another start has the run, or it has ended
]]
local r = cjson.decode(ARGV[5])
local held = readHeld(r)
if not held then
  markAlive(r)
  return cjson.encode({ o = "fenced" })
end
local job = readJob(r.jobId)
if held.cancelReason then
  finishHere(r.jobId, job, r.queueJobId, held, "cancelled", cancelError(held.cancelReason))
  finish()
  return cjson.encode({ o = "cancelled" })
end
-- A repeated request, whose answer was lost with a connection, finds the run suspended.
if not held.suspended then
  held.suspended = r.kind
  held.resumeAt = r.at or NOW + r.inMs
  if r.kind == "retry" then
    held.failures = (held.failures or 0) + 1
    held.error = r.error
    emit({ name = "JOB_RETRYING", jobId = r.jobId, runId = held.id, fireAt = held.fireAt, attempt = held.attempt,
      worker = r.worker, reason = "retry", error = r.error })
  end
  if job then writeHeld(r.jobId, r.queueJobId, held) end
end
if not job then
  endRemoved(r.jobId, nil, r.queueJobId, held)
  finish()
  return cjson.encode({ o = "cancelled" })
end
finish()
if job.state == "paused" and waitsForResume(held) then return cjson.encode({ o = "until-resume" }) end
return cjson.encode({ o = "suspended", waitMs = math.max(0, held.resumeAt - NOW) })

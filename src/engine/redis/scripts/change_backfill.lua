--[[
change_backfill: pauses, resumes or cancels a job's backfill; runs that have started continue.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] request   JSON: jobId, change ("pause", "resume" or "cancel"), by (who asks), scope? (owners whose jobs it may be)
Returns "changed", or "missing" (there is none that is not over).
]]
local r = cjson.decode(ARGV[5])
local jobId, change = r.jobId, r.change
local WHAT = { pause = "backfill-paused", resume = "backfill-resumed", cancel = "backfill-cancelled" }

local function apply()
  if not isJobInScope(r.scope, jobId) then return "missing" end
  local b, job = backfills.readBackfill(jobId), readJob(jobId)
  if not b or not job or b.isOver then return "missing" end
  if change == "cancel" then
    backfills.closeBackfill(jobId, "cancelled")
    if job.groupKey then groups.leaveLine(job, true) end
  elseif b.state == "adding" then
    return "missing"
  elseif change == "pause" then
    backfills.recallBackfill(jobId, b.order)
    call("HSET", backfillKey(jobId), "st", "paused")
    if job.groupKey then groups.leaveLine(job, true) end
  else
    call("HSET", backfillKey(jobId), "st", "active")
    backfills.feedBackfill(jobId)
  end
  releaseIfIdle(jobId)
  return "changed"
end

local outcome = apply()
if outcome == "changed" then changes.keepChange({ by = r.by, what = WHAT[change], jobId = jobId }) end
finish()
return outcome

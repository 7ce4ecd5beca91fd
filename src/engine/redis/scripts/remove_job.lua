--[[
remove_job: removes a job. Runs that are executed go on and settle; those that wait to go on are cancelled. The ledger stays for as long as its rows would have.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] removal   JSON: jobId, expectedWatermark (epoch ms)?, expectedRevision?,
                  skipped [{fromAt,toAt,count,dueAt?,verdict,reason?}], event
Returns "removed", "missing", or "undecided" (the watermark or the revision is another by now: compute `skipped` again).
]]
local r = cjson.decode(ARGV[5])
local job = readJob(r.jobId)
if not job then return "missing" end
if r.expectedWatermark and r.expectedWatermark ~= job.watermark then return "undecided" end
if r.expectedRevision and r.expectedRevision ~= job.revision then return "undecided" end
decideSpans(job, r.skipped)
dropNext(r.jobId)
pending.drop(job, "removed")
local asked = call("HGETALL", askedKey(r.jobId))
for i = 1, #asked, 2 do
  local fireAt = cjson.decode(asked[i + 1]).fireAt
  dropQueueJob(asked[i])
  decideOne(job, { id = asked[i], kind = "manual", fireAt = fireAt, dueAt = fireAt }, "skipped", "JOB_SKIPPED",
    { reason = "removed" })
end
backfills.removed(job)
-- Those that are executed go on; those that are to go on later do not.
for _, key in ipairs({ instancesKey(r.jobId), backfillRunsKey(r.jobId) }) do
  local flat = call("HGETALL", key)
  for i = 1, #flat, 2 do
    local held = cjson.decode(flat[i + 1])
    if held.suspended or held.handedBack then
      dropQueueJob(flat[i])
      endRemoved(r.jobId, job, flat[i], held)
    end
  end
end
conditions.link(r.jobId, job.condition, nil)
call("DEL", askedKey(r.jobId), jobKey(r.jobId))
call("HDEL", PREFIX .. "defs", r.jobId)
call("ZREM", PREFIX .. "next", r.jobId)
keepLedgerUntil(r.jobId, serverTime() + job.keepAgeMs)
releaseIfIdle(r.jobId)
if job.hasDependents then pending.wakeDependents(r.jobId) end
emit(r.event)
finish()
return "removed"

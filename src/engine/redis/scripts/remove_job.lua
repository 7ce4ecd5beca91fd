--[[
remove_job: removes a job. Runs being executed continue and settle; suspended ones are cancelled. The ledger and
the job's changes are kept for as long as its rows would have been.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] removal   JSON: jobId, scope? (owners whose jobs it may be), expectedWatermark (epoch ms)?, expectedRevision?,
                  skipped [{fromAt,toAt,count,dueAt?,verdict,reason?}], event (with by),
                  note {plannedAt?, superseded (JSON text of the definition)?, bulk?}
Returns "removed", "missing", or "undecided" (the watermark or the revision has changed: compute `skipped` again).
]]
local r = cjson.decode(ARGV[5])
local job = isJobInScope(r.scope, r.jobId) and readJob(r.jobId)
if not job then return "missing" end
if r.expectedWatermark and r.expectedWatermark ~= job.watermark then return "undecided" end
if r.expectedRevision and r.expectedRevision ~= job.revision then return "undecided" end
skips.decideSkips(job, NOW)
decideSpans(job, r.skipped)
dropNext(r.jobId)
queuedRuns.dropQueued(job, "removed")
local requests = call("HGETALL", requestsKey(r.jobId))
for i = 1, #requests, 2 do
  local request = cjson.decode(requests[i + 1])
  dropQueueJob(requests[i])
  decideOne(job, { id = requests[i], kind = "manual", fireAt = request.fireAt, dueAt = request.fireAt, by = request.by },
    "skipped", "JOB_SKIPPED", { reason = "removed" })
end
local backfill = backfills.readBackfill(r.jobId)
if backfill and not backfill.isOver then backfills.closeBackfill(r.jobId, "cancelled") end
-- Runs being executed continue; suspended ones end.
for _, key in ipairs({ runningKey(r.jobId), backfillRunningKey(r.jobId) }) do
  local flat = call("HGETALL", key)
  for i = 1, #flat, 2 do
    local held = cjson.decode(flat[i + 1])
    if held.suspended or held.isHandedBack then
      dropQueueJob(flat[i])
      endRemoved(r.jobId, job, flat[i], held)
    end
  end
end
conditions.linkCondition(r.jobId, job.condition, nil)
lists.leave(r.jobId, call("HGET", PREFIX .. "defs", r.jobId) or "", job.state, job.last.verdict)
closeDays(r.jobId)
call("DEL", requestsKey(r.jobId), askedKey(r.jobId), backfillKey(r.jobId), skips.skipsKey(r.jobId), jobKey(r.jobId))
call("HDEL", PREFIX .. "defs", r.jobId)
call("ZREM", PREFIX .. "next", r.jobId)
noteTimed(r.jobId, 0)
releaseIfIdle(r.jobId)
if job.hasDependents then wakeups.wakeDependents(r.jobId) end
emit(r.event)
changes.keepChange({ by = r.event.by, what = "removed", jobId = r.jobId, bulk = r.note.bulk }, { revision = job.revision,
  state = job.state, ["until"] = r.note.plannedAt or NOW, watermark = job.watermark, definition = r.note.superseded })
keepLedgerUntil(r.jobId, serverNow() + job.keepAgeMs)
finish()
return "removed"

--[[
remove_job: removes a job; running runs go on and settle. The ledger stays for as long as its rows would have.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] removal   JSON: jobId, expectedWatermark (epoch ms)?, skipped [{fromAt,toAt,count,verdict,reason?}], event
Returns "removed", "missing", or "undecided" (the watermark is another by now: compute `skipped` again).
]]
local r = cjson.decode(ARGV[5])
local job = readJob(r.jobId)
if not job then return "missing" end
if r.expectedWatermark and r.expectedWatermark ~= job.watermark then return "undecided" end
for _, span in ipairs(r.skipped) do
  decideAgainst(job, { fromAt = span.fromAt, fireAt = span.toAt, count = span.count }, span.verdict,
    span.verdict == "missed" and "JOB_MISSED" or "JOB_SKIPPED", { reason = span.reason })
end
dropQueued(job, "removed")
for runId, text in pairs((function()
  local asked, flat = {}, call("HGETALL", askedKey(r.jobId))
  for i = 1, #flat, 2 do asked[flat[i]] = flat[i + 1] end
  return asked
end)()) do
  local fireAt = cjson.decode(text).fireAt
  record(r.jobId, { id = runId, state = "skipped", kind = "manual", fireAt = fireAt, dueAt = fireAt, decidedAt = NOW,
    reason = "removed" }, job.keepCount, job.keepAgeMs)
  emit({ name = "JOB_SKIPPED", jobId = r.jobId, runId = runId, fireAt = fireAt, count = 1, reason = "removed" })
end
call("DEL", askedKey(r.jobId), jobKey(r.jobId))
call("HDEL", PREFIX .. "defs", r.jobId)
call("ZREM", PREFIX .. "next", r.jobId)
keepLedgerUntil(r.jobId, serverTime() + job.keepAgeMs)
releaseIfIdle(r.jobId)
emit(r.event)
finish()
return "removed"

-- How a run of a backfill begins. Returns it as held, or nil if it does not.
local function admitBackfill(job, r)
  local b = backfills.read(job.id)
  local fireAt = tonumber(r.queueJobId:match(":(%d+)$"))
  local runId = backfills.runId(job.id, fireAt)
  if not b or call("HGET", backfillAskedKey(job.id), runId) ~= r.queueJobId then return nil end
  call("HDEL", backfillAskedKey(job.id), runId)
  if not hasGroupRoom(job) then
    backfills.waitAgain(job.id, fireAt, b.order)
    pending.joinLine(job, false, true)
    return nil
  end
  local held = startRun(job, r, { id = runId, kind = "backfill", fireAt = fireAt, dueAt = fireAt, fromAt = fireAt,
    count = 1 })
  if job.groupKey then pending.callGroup(job.groupKey) end
  return held
end

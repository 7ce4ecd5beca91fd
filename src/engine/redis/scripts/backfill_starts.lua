-- How a run of a backfill begins. Returns it as held, or nil if it does not.
function backfill.admit(job, r)
  local b = readBackfill(job.id)
  if not b or call("HDEL", backfillAskedKey(job.id), r.queueJobId) == 0 then return nil end
  local fireAt = tonumber(r.queueJobId:match(":(%d+)$"))
  if not hasGroupRoom(job) then
    waitAgain(job.id, fireAt, b.order)
    joinLine(job, false, true)
    return nil
  end
  local held = startRun(job, r, { id = r.queueJobId, kind = "backfill", fireAt = fireAt, dueAt = fireAt, fromAt = fireAt,
    count = 1 })
  if job.groupKey then callGroup(job.groupKey) end
  return held
end

-- Decisions: what becomes of the occurrences that are due, of a manual run, and of a backfill run.

local function admitManual(job, r)
  local text = call("HGET", requestsKey(job.id), r.queueJobId)
  if not text then return nil end
  call("HDEL", requestsKey(job.id), r.queueJobId)
  local request = cjson.decode(text)
  local run = { id = r.queueJobId, kind = "manual", fireAt = request.fireAt, dueAt = request.fireAt,
    fromAt = request.fireAt, count = 1, params = request.params, ignoreCondition = request.ignoreCondition,
    by = request.by }
  local where = placeOf(job, run)
  if where ~= "condition" and where ~= "full" then return putInPlace(job, r, run, where) end
  decideOne(job, run, "skipped", refusalOf(job, where))
  releaseIfIdle(job.id)
  return nil
end

-- Starts a backfill run, and returns it as held; nil if it does not start.
local function admitBackfill(job, r)
  local b = backfills.readBackfill(job.id)
  local fireAt = tonumber(r.queueJobId:match(":(%d+)$"))
  local runId = backfills.backfillRunId(job.id, fireAt)
  if not b or call("HGET", backfillJobsKey(job.id), runId) ~= r.queueJobId then return nil end
  call("HDEL", backfillJobsKey(job.id), runId)
  if not hasGroupRoom(job) then
    backfills.addFireTime(job.id, fireAt, b.order)
    groups.joinLine(job, false, true)
    return nil
  end
  local held = startRun(job, r, { id = runId, kind = "backfill", fireAt = fireAt, dueAt = fireAt, fromAt = fireAt,
    count = 1 })
  if job.groupKey then groups.wakeGroup(job.groupKey) end
  return held
end

-- With coalesce: one decision for all, by the latest.
local function decideTogether(job, r, due, older)
  local latest = due[#due]
  local first = older and older.fromAt or due[1].fireAt
  local others = #due - 1 + (older and older.count or 0)
  local together = { fromAt = first, fireAt = latest.fireAt, dueAt = latest.dueAt, count = others + 1 }
  if isLate(job, latest.dueAt) then
    decideAgainst(job, together, "missed", "JOB_MISSED")
    return nil
  end
  local run = { id = queueJobIdOf(job.id, "", job.generation, latest.fireAt), kind = "scheduled", fireAt = latest.fireAt,
    dueAt = latest.dueAt, fromAt = first, count = others + 1, generation = job.generation }
  local where = placeOf(job, run)
  if where == "condition" or where == "full" then
    decideAgainst(job, together, "skipped", refusalOf(job, where))
    return nil
  end
  if others > 0 then
    local previous = #due > 1 and due[#due - 1] or { fireAt = older.toAt, dueAt = older.dueAt }
    decideAgainst(job, { fromAt = first, fireAt = previous.fireAt, dueAt = previous.dueAt, count = others },
      "coalesced", "JOB_COALESCED", { coalescedInto = run.id })
  end
  return putInPlace(job, r, run, where)
end

-- Without coalesce: each on its own, oldest first.
local function decideSingly(job, r, due, older)
  local missed, runs = {}, {}
  for i, o in ipairs(due) do
    if #due - i >= job.maxCatchUp or isLate(job, o.dueAt) then
      missed[#missed + 1] = o
    else
      runs[#runs + 1] = queuedRuns.scheduledRun(job, o)
    end
  end
  if older or #missed > 0 then decideEach(job, missed, older, "missed", "JOB_MISSED") end
  if #runs == 0 then return queueing.takeQueued(job, r) end
  if not queueing.lineUp(job, runs) then return nil end
  local held = queueing.takeQueued(job, r)
  releaseIfIdle(job.id)
  return held
end

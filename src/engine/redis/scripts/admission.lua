-- Admission: where a run that is due goes.

-- What a row says of a condition that was false.
local function conditionFalse(job)
  return { reason = "condition", facts = conditions.judge(job).facts }
end

-- The verdict on a run for which `placeOf` has no place: its event, and what its row says.
local function refusalOf(job, where)
  if where == "condition" then return "JOB_SKIPPED", conditionFalse(job) end
  return "JOB_MAX_INSTANCES", { reason = "max-instances" }
end

-- Where a run goes that is due: "condition" (its condition is false, and it does not wait), "full" (no room, by the job's
-- overlap rule), "start", "queue", or "replace" (queue, in the place of others). The second value is for how many more
-- there is room in the queue, if that is bounded.
local function placeOf(job, run)
  local isMet = not job.condition or run.ignoreCondition or conditions.judge(job).value
  if not isMet and not job.condition.waitMs then return "condition" end
  local queued = job.isQueueing and call("ZCARD", pendingKey(job.id)) or 0
  local instances = call("HLEN", instancesKey(job.id))
  if instances + (job.isHeldUp and queued or 0) >= job.maxInstances then
    if job.overlap == "skip" or (job.overlap == "queue-all" and queued >= job.maxCatchUp) then return "full" end
    if job.overlap == "queue-all" then return "queue", job.maxCatchUp - queued end
    return "replace"
  end
  if queued > 0 or not isMet or not hasGroupRoom(job) then return "queue" end
  return "start"
end

-- One run for which there is a place: it starts or is queued. Returns the run that was started, if one was.
local function putInPlace(job, r, run, where)
  if where == "start" then return startRun(job, r, run) end
  if where == "replace" then
    queue.replace(job, { run })
  else
    queue.add(job, run)
  end
  return queue.take(job, r)
end

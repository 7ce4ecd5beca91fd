-- Placement: where a due run goes.

-- What a row says about a condition that was false.
local function conditionFalse(job)
  return { reason = "condition", facts = conditions.judge(job).facts }
end

-- The event and the row of a run that finds no place.
local function refusalOf(job, where)
  if where == "condition" then return "JOB_SKIPPED", conditionFalse(job) end
  return "JOB_MAX_INSTANCES", { reason = "max-instances" }
end

-- The place of a run that is due: "start"; "queue"; "replace" (queue, instead of the runs that are queued); or none:
-- "condition" (it is false, and the run does not wait for it) or "full" (no room, by the job's overlap rule). Where the queue
-- is bounded, the second value is how many more it takes.
local function placeOf(job, run)
  local isMet = not job.condition or run.ignoreCondition or conditions.judge(job).isTrue
  if not isMet and not job.condition.waitMs then return "condition" end
  local queued = job.isQueueing and call("ZCARD", queuedKey(job.id)) or 0
  local running = call("HLEN", runningKey(job.id))
  if running + (job.isHeldUp and queued or 0) >= job.maxInstances then
    if job.overlap == "skip" or (job.overlap == "queue-all" and queued >= job.maxCatchUp) then return "full" end
    if job.overlap == "queue-all" then return "queue", job.maxCatchUp - queued end
    return "replace"
  end
  if queued > 0 or not isMet or not hasGroupRoom(job) then return "queue" end
  return "start"
end

-- Starts or queues a run for which there is a place. Returns the run that was started, if any.
local function putInPlace(job, r, run, where)
  if where == "start" then return startRun(job, r, run) end
  if where == "replace" then
    queueing.replaceQueued(job, { run })
  else
    queueing.queueRun(job, run)
  end
  return queueing.takeQueued(job, r)
end

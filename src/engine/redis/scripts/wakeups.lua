-- Wakeups: queue jobs that make a worker look at a job's queued runs. A job has at most one that is due, and one for an
-- instant.

-- Adds a wakeup. One that no worker has acknowledged yet will see everything that is queued now; after that a new one has
-- an id of its own, since the old one, just ending, would be in the way.
local function wakeJob(jobId, pipeline)
  local known = call("HGET", jobKey(jobId), "wu")
  if known and call("EXISTS", QUEUE .. known) == 1 then return known end
  local id = queueJobIdOf(jobId, "c", nextSequence(), NOW)
  call("HSET", jobKey(jobId), "wu", id)
  addQueueJob(id, pipeline, NOW)
  return id
end

-- Wakes the job at an instant; nil drops that wakeup.
local function wakeAt(job, at)
  local v = call("HMGET", jobKey(job.id), "tw", "ta")
  if v[1] and at and tonumber(v[2]) == at then return end
  if v[1] then
    dropQueueJob(v[1])
    call("HDEL", jobKey(job.id), "tw", "ta")
  end
  if not at then return end
  local id = queueJobIdOf(job.id, "c", nextSequence(), at)
  call("HSET", jobKey(job.id), "tw", id, "ta", at)
  addQueueJob(id, job.pipeline, at)
end

-- Drops the wakeup that no worker has acknowledged yet.
local function dropWakeups(job)
  local known = call("HGET", jobKey(job.id), "wu")
  if known and dropQueueJob(known) then call("HDEL", jobKey(job.id), "wu") end
end

-- Wakes a job whose queued runs may start; in a group, when it is the job's turn.
local function wakeInTurn(job)
  if job.groupKey then
    groups.joinLine(job)
    groups.wakeGroup(job.groupKey)
  else
    wakeJob(job.id, job.pipeline)
  end
end

-- A fact about this job changed: wakes the jobs with runs that wait for it.
local function wakeDependents(jobId)
  for _, dependent in ipairs(call("SINTER", dependentsKey(jobId), PREFIX .. "live")) do
    local v = call("HMGET", jobKey(dependent), "pl", "tw")
    if v[2] then wakeJob(dependent, v[1]) end
  end
end

-- After the last queued run is gone: drops the wakeups, leaves the group's line, and passes the turn on.
local function stopWaking(job)
  if call("EXISTS", queuedKey(job.id)) == 1 then return end
  wakeAt(job, nil)
  dropWakeups(job)
  if job.groupKey then
    groups.leaveLine(job)
    groups.wakeGroup(job.groupKey)
  end
end

return {
  wakeJob = wakeJob, wakeAt = wakeAt, dropWakeups = dropWakeups, wakeInTurn = wakeInTurn, wakeDependents = wakeDependents,
  stopWaking = stopWaking,
}

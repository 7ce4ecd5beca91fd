-- Backfills: past fire times that run beside the schedule, a few at a time, after everything else that is due. Hash: id, st
-- (adding, active, paused, finished, cancelled), at and ta (created, last added to), total, con (concurrency), or (order),
-- c:<verdict>.

-- BullMQ takes priorities from 1 to 2^21 - 1, lowest first; jobs without one come before all of them.
local PRIORITY = 2097151

local function backfillRunId(jobId, fireAt) return queueJobIdOf(jobId, "b", 0, fireAt) end

local function readBackfill(jobId)
  local v = call("HMGET", backfillKey(jobId), "id", "st", "con", "or", "ta")
  if not v[1] then return nil end
  return { id = v[1], state = v[2], concurrency = tonumber(v[3]), order = v[4], touchedAt = tonumber(v[5]),
    isOver = v[2] == "finished" or v[2] == "cancelled" }
end

-- Adds a queue job that workers take after all others, as BullMQ would; see `addQueueJob`.
local function addLastQueueJob(id, pipeline)
  local key = QUEUE .. id
  if call("EXISTS", key) == 1 then return end
  call("HSET", key, "name", pipeline, "data", "0", "opts", '{"attempts":0,"priority":' .. PRIORITY .. "}",
    "timestamp", NOW, "delay", 0, "priority", PRIORITY)
  local counter = call("INCR", QUEUE .. "pc")
  call("ZADD", QUEUE .. "prioritized", string.format("%d", PRIORITY * 4294967296 + counter % 4294967296), id)
  HAS_WAITING = true
end

-- Adds the queue job of a run that was imported. If it is to go on later, it is then behind all others again.
local function importQueueJob(id, pipeline, dueAt)
  if dueAt <= NOW then return addLastQueueJob(id, pipeline) end
  addQueueJob(id, pipeline, dueAt)
  call("HSET", QUEUE .. id, "opts", '{"attempts":0,"priority":' .. PRIORITY .. "}", "priority", PRIORITY)
end

-- The id for a fire time's queue job. A fire time that was put back by a queue job which has not ended yet needs another id:
-- the old queue job no longer represents anything, but still occupies the id.
local function backfillQueueJob(jobId, fireAt)
  local id = backfillRunId(jobId, fireAt)
  local isTaken = call("EXISTS", QUEUE .. id) == 1
    and not (call("ZSCORE", QUEUE .. "prioritized", id) or call("ZSCORE", QUEUE .. "delayed", id))
  return isTaken and queueJobIdOf(jobId, "b", nextSequence(), fireAt) or id
end

local function addFireTime(jobId, fireAt, order)
  call("ZADD", backfillTimesKey(jobId), order == "latest" and -fireAt or fireAt, string.format("%d", fireAt))
end

-- Drops the queue jobs of runs that have not started, and returns the ids of these runs.
local function dropBackfillJobs(jobId)
  local queueJobs, runIds = call("HGETALL", backfillJobsKey(jobId)), {}
  for i = 1, #queueJobs, 2 do
    runIds[#runIds + 1] = queueJobs[i]
    dropQueueJob(queueJobs[i + 1])
  end
  call("DEL", backfillJobsKey(jobId))
  return runIds
end

-- Puts back the fire times that have a queue job and have not started.
local function recallBackfill(jobId, order)
  for _, runId in ipairs(dropBackfillJobs(jobId)) do addFireTime(jobId, tonumber(runId:match(":(%d+)$")), order) end
end

local function closeBackfill(jobId, state)
  dropBackfillJobs(jobId)
  call("DEL", backfillTimesKey(jobId))
  call("HSET", backfillKey(jobId), "st", state)
end

-- Gives queue jobs to as many fire times as there is room for, and ends the backfill if none is left.
-- Returns whether it gave any.
local function feedBackfill(jobId)
  local b = readBackfill(jobId)
  local job = b and b.state == "active" and readJob(jobId)
  if not job then return false end
  local hasFed = false
  local running, waiting = call("HLEN", backfillRunningKey(jobId)), call("HLEN", backfillJobsKey(jobId))
  for _ = 1, b.concurrency - running - waiting do
    if call("EXISTS", backfillTimesKey(jobId)) == 0 then break end
    if not hasGroupRoom(job) then
      groups.joinLine(job, false, true)
      break
    end
    local fireAt = tonumber(call("ZPOPMIN", backfillTimesKey(jobId))[1])
    local queueJobId = backfillQueueJob(jobId, fireAt)
    call("HSET", backfillJobsKey(jobId), backfillRunId(jobId, fireAt), queueJobId)
    addLastQueueJob(queueJobId, job.pipeline)
    waiting = waiting + 1
    hasFed = true
  end
  if running + waiting == 0 and call("EXISTS", backfillTimesKey(jobId)) == 0 then
    closeBackfill(jobId, "finished")
  end
  return hasFed
end

-- A backfill run got its verdict.
local function endBackfillRun(jobId, verdict)
  if call("EXISTS", backfillKey(jobId)) == 1 then call("HINCRBY", backfillKey(jobId), "c:" .. verdict, 1) end
  feedBackfill(jobId)
end

-- Cancels a run that has not started. Returns whether it was there.
local function cancelBackfillRun(job, runId, reason, by)
  local fireAt = runId:match(":b0:(%d+)$")
  if not fireAt then return false end
  local queueJobId = call("HGET", backfillJobsKey(job.id), runId)
  if queueJobId then dropQueueJob(queueJobId) end
  local isThere = call("ZREM", backfillTimesKey(job.id), fireAt) + call("HDEL", backfillJobsKey(job.id), runId) > 0
  if not isThere then return false end
  local at = tonumber(fireAt)
  recordCancelled(job, { id = runId, kind = "backfill", fireAt = at, dueAt = at }, reason, by)
  endBackfillRun(job.id, "cancelled")
  return true
end

-- Reports queue jobs that were lost, and starts runs where there is room and nobody did.
local function auditBackfill(jobId, job, found, isQueued)
  local b = readBackfill(jobId)
  if not b or not job then return end
  for _, queueJobId in ipairs(call("HVALS", backfillJobsKey(jobId))) do
    if not isQueued(queueJobId) then
      found({ kind = "stranded", jobId = jobId, queueJob = { id = queueJobId, pipeline = job.pipeline, dueAt = NOW } })
    end
  end
  if not (job.groupKey and groups.isInLine(job, true)) then
    feedBackfill(jobId)
    signalWorkers()
  end
end

return {
  backfillRunId = backfillRunId, readBackfill = readBackfill, importQueueJob = importQueueJob, addFireTime = addFireTime,
  recallBackfill = recallBackfill, closeBackfill = closeBackfill, feedBackfill = feedBackfill, endBackfillRun = endBackfillRun,
  cancelBackfillRun = cancelBackfillRun, auditBackfill = auditBackfill,
}

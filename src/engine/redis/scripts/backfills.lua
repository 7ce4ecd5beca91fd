-- Backfills: fire times of the past that are run beside the schedule, a few at a time, after all else that is due. The
-- hash `bf:<job>`: id, st (adding, active, paused, finished, cancelled), at, ta (begun, last added to), total, con
-- (concurrency), or (order), c:<verdict>. Fire times wait in `bfq:<job>`; `bfask:<job>` has the queue jobs of those that
-- have one, by run id.

-- BullMQ takes priorities from 1 to 2^21 - 1, the lowest first; jobs without one come before all of them.
local PRIORITY = 2097151

local function backfillKey(jobId) return PREFIX .. "bf:" .. jobId end

local function backfillRunId(jobId, fireAt) return wakeUpId(jobId, "b", 0, fireAt) end

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

-- One of a run that was begun elsewhere; it may go on later, and is then behind all others again.
local function addMovedQueueJob(id, pipeline, dueAt)
  if dueAt <= NOW then return addLastQueueJob(id, pipeline) end
  addQueueJob(id, pipeline, dueAt)
  call("HSET", QUEUE .. id, "opts", '{"attempts":0,"priority":' .. PRIORITY .. "}", "priority", PRIORITY)
end

-- The queue job of a fire time. One that was put back by a queue job which has not ended yet needs another: that one
-- stands for nothing any more, and would be in the way.
local function queueJobFor(jobId, fireAt)
  local id = backfillRunId(jobId, fireAt)
  local isTaken = call("EXISTS", QUEUE .. id) == 1
    and not (call("ZSCORE", QUEUE .. "prioritized", id) or call("ZSCORE", QUEUE .. "delayed", id))
  return isTaken and wakeUpId(jobId, "b", nextSequence(), fireAt) or id
end

local function waitAgain(jobId, fireAt, order)
  call("ZADD", backfillQueueKey(jobId), order == "latest" and -fireAt or fireAt, string.format("%d", fireAt))
end

-- Takes back what has a queue job and has not begun. Returns the ids of its runs.
local function takeBack(jobId)
  local asked, runIds = call("HGETALL", backfillAskedKey(jobId)), {}
  for i = 1, #asked, 2 do
    runIds[#runIds + 1] = asked[i]
    dropQueueJob(asked[i + 1])
  end
  call("DEL", backfillAskedKey(jobId))
  return runIds
end

local function recall(jobId, order)
  for _, runId in ipairs(takeBack(jobId)) do waitAgain(jobId, tonumber(runId:match(":(%d+)$")), order) end
end

local function closeBackfill(jobId, state, keepAgeMs)
  takeBack(jobId)
  call("DEL", backfillQueueKey(jobId))
  call("HSET", backfillKey(jobId), "st", state)
  call("PEXPIRE", backfillKey(jobId), keepAgeMs)
end

-- Gives queue jobs to as many fire times as there is room for, and ends the backfill if none is left.
-- Returns whether it gave one.
local function feed(jobId)
  local b = readBackfill(jobId)
  local job = b and b.state == "active" and readJob(jobId)
  if not job then return false end
  local hasFed = false
  local running, asked = call("HLEN", backfillRunsKey(jobId)), call("HLEN", backfillAskedKey(jobId))
  for _ = 1, b.concurrency - running - asked do
    if call("EXISTS", backfillQueueKey(jobId)) == 0 then break end
    if not hasGroupRoom(job) then
      pending.joinLine(job, false, true)
      break
    end
    local fireAt = tonumber(call("ZPOPMIN", backfillQueueKey(jobId))[1])
    local queueJobId = queueJobFor(jobId, fireAt)
    call("HSET", backfillAskedKey(jobId), backfillRunId(jobId, fireAt), queueJobId)
    addLastQueueJob(queueJobId, job.pipeline)
    asked = asked + 1
    hasFed = true
  end
  if running + asked == 0 and call("EXISTS", backfillQueueKey(jobId)) == 0 then
    closeBackfill(jobId, "finished", job.keepAgeMs)
  end
  return hasFed
end

local function ended(jobId, _, verdict)
  if call("EXISTS", backfillKey(jobId)) == 1 then call("HINCRBY", backfillKey(jobId), "c:" .. verdict, 1) end
  feed(jobId)
end

-- Ends a run that has not begun. Returns whether it was there.
local function cancel(job, runId, reason)
  local fireAt = runId:match(":b0:(%d+)$")
  if not fireAt then return false end
  local queueJobId = call("HGET", backfillAskedKey(job.id), runId)
  if queueJobId then dropQueueJob(queueJobId) end
  local isThere = call("ZREM", backfillQueueKey(job.id), fireAt) + call("HDEL", backfillAskedKey(job.id), runId) > 0
  if not isThere then return false end
  local at = tonumber(fireAt)
  recordCancelled(job, { id = runId, kind = "backfill", fireAt = at, dueAt = at }, reason)
  ended(job.id, nil, "cancelled")
  return true
end

local function removed(job)
  local b = readBackfill(job.id)
  if b and not b.isOver then closeBackfill(job.id, "cancelled", job.keepAgeMs) end
end

-- Puts back queue jobs that were lost, and begins where there is room and nobody began.
local function audit(jobId, job, found, isQueued)
  local b = readBackfill(jobId)
  if not b or not job then return end
  for _, queueJobId in ipairs(call("HVALS", backfillAskedKey(jobId))) do
    if not isQueued(queueJobId) then
      found({ kind = "stranded", jobId = jobId, queueJob = { id = queueJobId, pipeline = job.pipeline, dueAt = NOW } })
    end
  end
  if not (job.groupKey and pending.isInLine(job, true)) then
    feed(jobId)
    wakeWorkers()
  end
end

return {
  addQueueJob = addMovedQueueJob, key = backfillKey, runId = backfillRunId, read = readBackfill, waitAgain = waitAgain,
  recall = recall, close = closeBackfill, feed = feed, ended = ended, cancel = cancel, removed = removed, audit = audit,
}

-- Adds a queue job as BullMQ would, in the same step as the decision that needs it, so that no crash can come between the
-- two. `test/bullmq-facts` compares what this writes with BullMQ's own.
local HAS_DELAYED, HAS_WAITING = false, false
local function writeQueueJob(id, pipeline, dueAt)
  local delay = math.max(0, dueAt - NOW)
  local added = call("HSET", QUEUE .. id, "name", pipeline, "data", "0", "opts", '{"attempts":0}',
    "timestamp", numberText(dueAt - delay), "delay", numberText(delay), "priority", "0")
  if added == 0 then return end
  if delay == 0 then
    call("LPUSH", QUEUE .. "wait", id)
    HAS_WAITING = true
    return
  end
  -- BullMQ has 4096 places per millisecond, in the order of adding. Cronduit's queue jobs of one instant share the first.
  call("ZADD", QUEUE .. "delayed", numberText(dueAt * 4096), id)
  HAS_DELAYED = true
end

-- Leaves a queue job that exists as it is.
local function addQueueJob(id, pipeline, dueAt)
  if call("EXISTS", QUEUE .. id) == 0 then writeQueueJob(id, pipeline, dueAt) end
end

-- Takes a queue job from its worker and deletes its lock, together with further keys. Returns false if the lock expired or
-- belongs to another worker.
local function releaseQueueJob(id, token, ...)
  local lockKey = QUEUE .. id .. ":lock"
  if call("GET", lockKey) ~= token then return false end
  call("DEL", lockKey, ...)
  call("LREM", QUEUE .. "active", "1", id)
  return true
end

-- Ends a queue job, as BullMQ does with jobs that it doesn't keep.
local function endQueueJob(id, token)
  return releaseQueueJob(id, token, QUEUE .. id)
end

-- At most this many entries of the waiting list are searched in one call.
local MAX_SEARCHED = 200000
local searched = 0

-- Deletes a queue job that no worker has, and returns whether it was there. In a list too long to search it stays: its
-- worker will find nothing to do.
local function dropQueueJob(id)
  local key = QUEUE .. id
  if call("ZREM", QUEUE .. "delayed", id) == 0 and call("ZREM", QUEUE .. "prioritized", id) == 0 then
    if call("EXISTS", key) == 0 or call("EXISTS", key .. ":lock") == 1 then return false end
    searched = searched + call("LLEN", QUEUE .. "wait")
    if searched > MAX_SEARCHED or call("LREM", QUEUE .. "wait", 1, id) == 0 then return false end
  end
  call("DEL", key)
  return true
end

-- Signals idle workers that queue jobs were added.
local function signalWorkers()
  if HAS_DELAYED then
    local head = call("ZRANGE", QUEUE .. "delayed", 0, 0, "WITHSCORES")
    if head[2] then call("ZADD", QUEUE .. "marker", math.floor(tonumber(head[2]) / 4096), "1") end
  end
  if HAS_WAITING and call("HEXISTS", QUEUE .. "meta", "paused") == 0 then
    call("ZADD", QUEUE .. "marker", 0, "0")
  end
end

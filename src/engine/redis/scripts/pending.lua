-- Queued runs: those that wait for an instance, for their condition, or for their group. One is
-- { id, kind, fireAt, dueAt, fromAt, count, generation?, params?, ignoreCondition?, waitUntil? },
-- stored behind its id, so that runs of one fire time have an order.

-- Jobs of a group that wait are looked at up to here when there is room.
local MAX_IN_LINE = 100

local function addPending(job, run)
  call("ZADD", pendingKey(job.id), run.fireAt, run.id .. "\n" .. cjson.encode(run))
  noteWaiting(job.id)
end

local function readPending(member)
  return cjson.decode(member:sub(member:find("\n", 1, true) + 1))
end

local function findPending(jobId, runId)
  local fireAt = runId:match(":(%d+)$")
  if not fireAt then return nil end
  for _, member in ipairs(call("ZRANGEBYSCORE", pendingKey(jobId), fireAt, fireAt)) do
    if member:sub(1, #runId + 1) == runId .. "\n" then return member end
  end
  return nil
end

-- Adds a call for the job's queued runs. One that nobody has answered yet looks at all that is there now; after that a
-- new one has an id of its own: the one that is just ending must not stand in its way.
local function callJob(jobId, pipeline)
  local called = call("HGET", jobKey(jobId), "ct")
  if called and call("EXISTS", QUEUE .. called) == 1 then return called end
  local id = wakeUpId(jobId, "c", nextSequence(), NOW)
  call("HSET", jobKey(jobId), "ct", id)
  addQueueJob(id, pipeline, NOW)
  return id
end

-- Sees to it that the job is looked at again at an instant; without one, that no call is left.
local function callAt(job, at)
  local v = call("HMGET", jobKey(job.id), "wt", "wa")
  if v[1] and at and tonumber(v[2]) == at then return end
  if v[1] then
    dropQueueJob(v[1])
    call("HDEL", jobKey(job.id), "wt", "wa")
  end
  if not at then return end
  local id = wakeUpId(job.id, "c", nextSequence(), at)
  call("HSET", jobKey(job.id), "wt", id, "wa", at)
  addQueueJob(id, job.pipeline, at)
end

-- Takes back the call that nobody has answered yet.
local function dropCall(job)
  local called = call("HGET", jobKey(job.id), "ct")
  if called and dropQueueJob(called) then call("HDEL", jobKey(job.id), "ct") end
end

-- Groups: the runs of a key, and the line of jobs that wait for room in it, by their number in it.
local function lineKey(key) return PREFIX .. "line:" .. key end

local function lineMember(job, isBackfill)
  return string.format("%d\n%s\n", job.groupLimit, isBackfill and "b" or "") .. job.id
end

local function isInLine(job, isBackfill)
  return call("ZSCORE", lineKey(job.groupKey), lineMember(job, isBackfill)) ~= false
end

-- `isAgain`: the job had its turn and goes to the end.
local function joinLine(job, isAgain, isBackfill)
  if isAgain or not isInLine(job, isBackfill) then
    call("ZADD", lineKey(job.groupKey), nextSequence(), lineMember(job, isBackfill))
  end
end

-- Returns whether it stood there.
local function leaveLine(job, isBackfill)
  return call("ZREM", lineKey(job.groupKey), lineMember(job, isBackfill)) == 1
end

-- Calls the job that waits longest of those that have room. Whoever is called and does not start calls the next.
local function callGroup(key)
  local size
  for _, member in ipairs(call("ZRANGE", lineKey(key), 0, MAX_IN_LINE - 1)) do
    local limit, mark, jobId = member:match("^(%d+)\n(b?)\n(.*)$")
    size = size or call("SCARD", groupKey(key))
    if size < tonumber(limit) then
      if mark == "b" then
        call("ZREM", lineKey(key), member)
        if backfills.feed(jobId) then return end
      else
        local v = call("HMGET", jobKey(jobId), "gk", "pl")
        if v[1] == key and call("EXISTS", pendingKey(jobId)) == 1 then
          call("HSET", PREFIX .. "gcalls", key, callJob(jobId, v[2]))
          return
        end
        call("ZREM", lineKey(key), member)
      end
    end
  end
end

-- Adds a call for queued runs that may start; in a group, in their turn.
local function callInTurn(job)
  if job.groupKey then
    joinLine(job)
    callGroup(job.groupKey)
  else
    callJob(job.id, job.pipeline)
  end
end

-- Something that the conditions of other jobs ask about has changed: those that wait look again.
local function wakeDependents(jobId)
  for _, dependent in ipairs(call("SINTER", dependentsKey(jobId), PREFIX .. "live")) do
    local v = call("HMGET", jobKey(dependent), "pl", "wt")
    if v[2] then callJob(dependent, v[1]) end
  end
end

-- When the last queued run is gone, nobody is to look any more, and whoever stands behind in the line has the turn.
local function clearIfNoneQueued(job)
  if call("EXISTS", pendingKey(job.id)) == 1 then return end
  callAt(job, nil)
  dropCall(job)
  if job.groupKey then
    leaveLine(job)
    callGroup(job.groupKey)
  end
end

-- Queued runs get a verdict without running. A pause leaves those that a person asked for.
local function dropQueued(job, reason, keepManual)
  local key = pendingKey(job.id)
  local scheduled = {}
  for _, member in ipairs(call("ZRANGE", key, 0, -1)) do
    local run = readPending(member)
    if run.kind == "scheduled" then
      scheduled[#scheduled + 1] = run
    elseif not keepManual then
      decideOne(job, run, "skipped", "JOB_SKIPPED", { reason = reason })
    end
    if run.kind == "scheduled" or not keepManual then call("ZREM", key, member) end
  end
  decideEach(job, scheduled, nil, "skipped", "JOB_SKIPPED", { reason = reason })
  clearIfNoneQueued(job)
end

return {
  add = addPending, read = readPending, find = findPending, call = callInTurn, callJob = callJob, callAt = callAt, dropCall = dropCall,
  clear = clearIfNoneQueued, drop = dropQueued, joinLine = joinLine, leaveLine = leaveLine, isInLine = isInLine, callGroup = callGroup,
  wakeDependents = wakeDependents,
}

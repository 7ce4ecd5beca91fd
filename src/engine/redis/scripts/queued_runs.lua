-- Queued runs: waiting for an instance, for their condition, or for room in their group. Each is stored as
-- { id, kind, fireAt, dueAt, fromAt, count, generation?, params?, ignoreCondition?, waitUntil?, by? } behind its id, which orders
-- runs of one fire time.

-- An occurrence as a queued run.
local function scheduledRun(job, o)
  return { id = queueJobIdOf(job.id, "", job.generation, o.fireAt), kind = "scheduled", fireAt = o.fireAt, dueAt = o.dueAt,
    fromAt = o.fireAt, count = 1, generation = job.generation }
end

local function addQueued(job, run)
  call("ZADD", queuedKey(job.id), run.fireAt, run.id .. "\n" .. cjson.encode(run))
  noteWaiting(job.id)
end

local function readQueued(member)
  return cjson.decode(member:sub(member:find("\n", 1, true) + 1))
end

local function findQueued(jobId, runId)
  local fireAt = runId:match(":(%d+)$")
  if not fireAt then return nil end
  for _, member in ipairs(call("ZRANGEBYSCORE", queuedKey(jobId), fireAt, fireAt)) do
    if member:sub(1, #runId + 1) == runId .. "\n" then return member end
  end
  return nil
end

-- Removes the queued scheduled runs, oldest first, and returns them.
local function popScheduled(job)
  local popped = {}
  for _, member in ipairs(call("ZRANGE", queuedKey(job.id), 0, -1)) do
    local run = readQueued(member)
    if run.kind == "scheduled" then
      popped[#popped + 1] = run
      call("ZREM", queuedKey(job.id), member)
    end
  end
  return popped
end

-- Skips the queued runs. A pause keeps the manual ones.
local function dropQueued(job, reason, keepManual)
  local scheduled = popScheduled(job)
  if not keepManual then
    for _, member in ipairs(call("ZRANGE", queuedKey(job.id), 0, -1)) do
      decideOne(job, readQueued(member), "skipped", "JOB_SKIPPED", { reason = reason })
    end
    call("DEL", queuedKey(job.id))
  end
  decideEach(job, scheduled, nil, "skipped", "JOB_SKIPPED", { reason = reason })
  wakeups.stopWaking(job)
end

return {
  scheduledRun = scheduledRun,
  addQueued = addQueued, readQueued = readQueued, findQueued = findQueued, popScheduled = popScheduled,
  dropQueued = dropQueued,
}

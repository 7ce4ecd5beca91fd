-- Running runs: admitted, and without a verdict. A running run is stored under its queue job.

local function heldKey(jobId, queueJobId)
  if queueJobId:find(":b%d+:%d+$") then return backfillRunningKey(jobId) end
  return runningKey(jobId)
end

local function writeHeld(jobId, queueJobId, held)
  held.fresh = nil
  call("HSET", heldKey(jobId, queueJobId), queueJobId, cjson.encode(held))
end

-- The run that `hold` names, if that start still holds it.
local function readHeld(hold)
  local text = call("HGET", heldKey(hold.jobId, hold.queueJobId), hold.queueJobId)
  local held = text and cjson.decode(text)
  return held and held.id == hold.runId and held.start == hold.start and held or nil
end

-- The worker of a start lost its lock but lives, so this was no crash. If the next start has already counted it as one, takes
-- that back.
local function markAlive(hold)
  local text = call("HGET", heldKey(hold.jobId, hold.queueJobId), hold.queueJobId)
  local held = text and cjson.decode(text)
  if not held or held.id ~= hold.runId then return end
  local start = numberText(hold.start)
  if held.start == hold.start then
    held.isAlive = true
  elseif held.crashed and held.crashed[start] then
    held.crashed[start] = nil
    held.crashes = held.crashes - 1
  else
    return
  end
  writeHeld(hold.jobId, hold.queueJobId, held)
end

-- Whether a run waits for its job to be resumed if that is paused: true of the retry of a scheduled run.
local function waitsForResume(held)
  return held.suspended == "retry" and held.kind == "scheduled"
end

-- Queue job id and content of the runs that wait for their job to be resumed.
local function retriesOf(jobId)
  local flat, found = call("HGETALL", runningKey(jobId)), {}
  for i = 1, #flat, 2 do
    local held = cjson.decode(flat[i + 1])
    if waitsForResume(held) then found[#found + 1] = { flat[i], held } end
  end
  return found
end

-- The job is paused: its retries lose their queue jobs.
local function holdRetries(jobId)
  for _, retry in ipairs(retriesOf(jobId)) do dropQueueJob(retry[1]) end
end

-- The job is resumed: its retries get queue jobs. Each has a new id, since a worker may be about to end the old one.
local function releaseRetries(jobId)
  for _, retry in ipairs(retriesOf(jobId)) do
    local oldId, held = unpack(retry)
    local id = queueJobIdOf(jobId, "c", nextSequence(), held.fireAt)
    dropQueueJob(oldId)
    call("HDEL", runningKey(jobId), oldId)
    writeHeld(jobId, id, held)
    if held.groupKey then
      call("SREM", groupKey(held.groupKey), oldId)
      call("SADD", groupKey(held.groupKey), id)
    end
    addQueueJob(id, held.pipeline, math.max(NOW, held.resumeAt))
  end
end

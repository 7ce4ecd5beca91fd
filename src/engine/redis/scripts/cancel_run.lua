--[[
cancel_run: cancels a run: at once if it is not being executed; otherwise its worker will be told.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] request   JSON: jobId, runId, reason, by (who cancels it), bulk? (the id of the call that cancels many),
                  scope? (owners whose runs it may be)
Returns "cancelled" (it has its verdict), "asked" (its worker will be told), or "unknown".
]]
local r = cjson.decode(ARGV[5])
local job = readJob(r.jobId)

-- The queue job under which a run is held: its own, or the wakeup that took it from the queue.
local function findHeld(key)
  local text = call("HGET", key, r.runId)
  local held = text and cjson.decode(text)
  if held and held.id == r.runId then return r.runId, held end
  local flat = call("HGETALL", key)
  for i = 1, #flat, 2 do
    held = cjson.decode(flat[i + 1])
    if held.id == r.runId then return flat[i], held end
  end
  return nil
end

local function cancelRequest()
  local text = job and call("HGET", requestsKey(r.jobId), r.runId)
  if not text then return false end
  call("HDEL", requestsKey(r.jobId), r.runId)
  dropQueueJob(r.runId)
  local request = cjson.decode(text)
  recordCancelled(job, { id = r.runId, kind = "manual", fireAt = request.fireAt, dueAt = request.fireAt, by = request.by },
    r.reason, r.by)
  return true
end

local function cancelQueued()
  local member = job and queuedRuns.findQueued(r.jobId, r.runId)
  if not member then return false end
  call("ZREM", queuedKey(r.jobId), member)
  recordCancelled(job, queuedRuns.readQueued(member), r.reason, r.by)
  wakeups.stopWaking(job)
  return true
end

-- That of the run, whose job may be gone.
local owner
local function cancel()
  local queueJobId, held = findHeld(runningKey(r.jobId))
  if not held then queueJobId, held = findHeld(backfillRunningKey(r.jobId)) end
  owner = held and held.owner
  -- Whose the run is, as it is shown: it may have started when its job was another's.
  if not isInScope(r.scope, owner or (job and job.owner)) then return "unknown" end
  if held then return cancelHeld(r.jobId, job, queueJobId, held, r.reason, r.by) end
  if cancelRequest() or cancelQueued() then return "cancelled" end
  if job and backfills.cancelBackfillRun(job, r.runId, r.reason, r.by) then return "cancelled" end
  return "unknown"
end

local outcome = cancel()
if outcome ~= "unknown" then
  changes.keepChange({ by = r.by, what = "cancelled", jobId = r.jobId, owner = owner, runId = r.runId, reason = r.reason,
    bulk = r.bulk })
end
releaseIfIdle(r.jobId)
finish()
return outcome

-- Takeover: a run whose queue job is taken again, and what a worker is told of a run that it holds.

local function lastRun(jobId)
  local v = call("HMGET", jobKey(jobId), "li", "lp", "lr")
  if not v[1] then return nil end
  local last = readLast(v[2])
  return { id = v[1], verdict = last.verdict, fireAt = last.fireAt, startedAt = last.startedAt,
    finishedAt = last.finishedAt, result = v[3] ~= "" and v[3] or nil }
end

local function answerRun(job, jobId, held)
  return { o = "run", revision = job and job.revision or 0, run = {
    runId = held.id, kind = held.kind, fireAt = held.fireAt, dueAt = held.dueAt, startedAt = held.startedAt,
    start = held.start, attempt = held.attempt, failures = held.failures or 0, count = held.count, fromAt = held.fromAt,
    params = held.params, lastRun = lastRun(jobId),
  } }
end

-- Continues a run that stopped on purpose: it was handed back, or suspended. Returns whether a new attempt begins.
local function resumeHeld(held)
  if held.suspended ~= "sleep" then
    held.attempt = held.attempt + 1
    held.attemptAt = nil
  else
    held.attemptAt = held.attemptAt or held.startedAt
  end
  local isNewAttempt = held.suspended ~= "sleep"
  held.suspended, held.resumeAt, held.isHandedBack, held.isAlive, held.error = nil, nil, nil, nil, nil
  return isNewAttempt
end

-- Why a run ends that no worker ended.
local function crashError(held)
  local starts, workers = {}, {}
  for start in pairs(held.crashed or {}) do starts[#starts + 1] = tonumber(start) end
  table.sort(starts)
  for i, start in ipairs(starts) do workers[i] = held.crashed[numberText(start)] end
  local what = held.crashes == 1 and "its only start ended without a word from its worker"
    or held.crashes .. " starts ended without a word from their workers"
  return cjson.encode({ name = "CronduitError", code = "RUN_CRASHED", message = "crashed: " .. what ..
    " (killed, out of memory, or cut off and not back): " .. table.concat(workers, ", ") })
end

-- A run on its last chance whose worker has another such run is put off for this long.
local ALONE_MS = 1000

-- The run of this queue job started before and did not end: its process died or handed it back, or it was suspended.
local function takeOver(job, r, held)
  -- A repeated request, whose answer was lost with a connection.
  if held.take == r.take then return answerRun(job, r.jobId, held) end
  if held.cancelReason then
    finishHere(r.jobId, job, r.queueJobId, held, "cancelled", cancelError(held.cancelReason))
    return { o = "none" }
  end
  if not job then
    endRemoved(r.jobId, nil, r.queueJobId, held)
    return { o = "none" }
  end
  -- It gets another queue job when the job is resumed.
  if job.state == "paused" and waitsForResume(held) then return { o = "none" } end
  if held.suspended and NOW < held.resumeAt then return { o = "early", waitMs = held.resumeAt - NOW } end
  local isCrash = not held.suspended and not held.isHandedBack and not held.isAlive
  local crashes = held.crashes + (isCrash and 1 or 0)
  local isLastChance, own = crashes > 0 and crashes == r.maxCrashes - 1, aloneText(r.jobId, r.queueJobId)
  if isLastChance and isAloneTaken(r.worker, own, r.maxCrashes) then return { o = "early", waitMs = ALONE_MS } end
  leaveAlone(r.jobId, r.queueJobId, held)
  if isCrash then
    held.crashes = crashes
    held.crashed = held.crashed or {}
    held.crashed[numberText(held.start)] = held.worker
  end
  if crashes >= r.maxCrashes then
    finishHere(r.jobId, job, r.queueJobId, held, "failed", crashError(held))
    return { o = "none" }
  end
  if isLastChance then call("HSET", PREFIX .. "alone", r.worker, own) end
  local isNewAttempt = resumeHeld(held)
  held.start = held.start + 1
  held.take = r.take
  held.worker = r.worker
  held.startedAt = NOW
  writeHeld(r.jobId, r.queueJobId, held)
  if isNewAttempt then
    emit({ name = "JOB_STARTED", jobId = r.jobId, runId = held.id, fireAt = held.fireAt, attempt = held.attempt,
      worker = r.worker })
  end
  return answerRun(job, r.jobId, held)
end

-- Runs: how they start and end, and who is told.

-- Characters of an error's message that go into a job's reason for its pause.
local MAX_REASON = 200

-- Starts a run under a queue job that a worker took. `run`: { id, kind, fireAt, dueAt, fromAt, count, params?, by? }
local function startRun(job, r, run)
  local held = {
    id = run.id, kind = run.kind, fireAt = run.fireAt, dueAt = run.dueAt, fromAt = run.fromAt, count = run.count,
    startedAt = NOW, start = 1, attempt = 1, crashes = 0, worker = r.worker, take = r.take, params = run.params,
    pipeline = job.pipeline, groupKey = job.groupKey, owner = job.owner, by = run.by,
  }
  call("HSET", heldKey(job.id, r.queueJobId), r.queueJobId, cjson.encode(held))
  call("SADD", PREFIX .. "live", job.id)
  if job.groupKey then call("SADD", groupKey(job.groupKey), r.queueJobId) end
  if not job.everRan then
    call("HSET", jobKey(job.id), "er", 1)
    job.everRan = true
  end
  job.judged = nil
  emit({ name = "JOB_SUBMITTED", jobId = job.id, runId = held.id, fireAt = held.fireAt, worker = r.worker, by = run.by })
  emit({ name = "JOB_STARTED", jobId = job.id, runId = held.id, fireAt = held.fireAt, attempt = 1, worker = r.worker })
  if job.hasDependents then wakeups.wakeDependents(job.id) end
  return held
end

-- The first characters of a text, cut between characters and not between bytes.
local function cutText(text, characters)
  if #text <= characters then return text end
  local found = {}
  for character in text:gmatch("[%z\1-\127\194-\244][\128-\191]*") do
    found[#found + 1] = character
    if #found == characters then break end
  end
  return table.concat(found)
end

-- An error's message. NUL and lone surrogates, which not every text can hold, become U+FFFD.
local function messageOf(errorText)
  local clean = errorText:gsub("(\\+)u(%x%x%x%x)", function(backslashes, hex)
    local isEscape = #backslashes % 2 == 1 and (hex == "0000" or hex:find("^[dD][89a-fA-F]"))
    return isEscape and backslashes:sub(2) .. "\239\191\189" or nil
  end)
  local err = cjson.decode(clean)
  return err.reason or err.message
end

local function pauseAfterFailures(job, errorText)
  local message = errorText and messageOf(errorText) or ""
  local failures = job.failuresInARow == 1 and "1 run failed: "
    or string.format("%d runs failed in a row; the last: ", job.failuresInARow)
  local reason = failures .. cutText(message, MAX_REASON)
  dropNext(job.id)
  job.generation = nextSequence()
  job.state = "paused"
  call("HSET", jobKey(job.id), "rev", nextSequence(), "gen", job.generation, "st", "paused", "pa", NOW, "pr", reason)
  placeNext(job.id, nil)
  lists.moveState(job.id, "active", "paused")
  queuedRuns.dropQueued(job, "paused", true)
  holdRetries(job.id)
  local by = { kind = "system", id = "pauseAfterFailures" }
  emit({ name = "JOB_PAUSED", jobId = job.id, reason = reason, by = by })
  changes.keepChange({ by = by, what = "paused", jobId = job.id, reason = reason },
    { revision = job.revision, state = "active", ["until"] = NOW, watermark = job.watermark })
end

-- A run that the schedule did not start replaces the last run; keeps the scheduled run that was there.
local function keepScheduled(job)
  local id = call("HGET", jobKey(job.id), "li")
  if not id or not id:find(":%d+:%d+$") or not job.last.verdict then return end
  job.last.id = id
  call("HSET", jobKey(job.id), "ls", scheduledText(job.last))
end

-- Records at the job how one of its runs ended.
local function countRun(job, held, row)
  if held.kind ~= "scheduled" then keepScheduled(job) end
  local isSuccess, isFailure = row.state == "succeeded", row.state == "failed"
  lists.moveVerdict(job.id, job.last.verdict, row.state)
  job.successStreak = isSuccess and job.successStreak + 1 or 0
  job.failuresInARow = isSuccess and 0 or job.failuresInARow + (isFailure and 1 or 0)
  job.last = { verdict = row.state, fireAt = held.fireAt, startedAt = row.startedAt, finishedAt = row.finishedAt,
    successStreak = job.successStreak, failuresInARow = job.failuresInARow,
    lastSuccessAt = isSuccess and row.finishedAt or job.last.lastSuccessAt }
  call("HSET", jobKey(job.id), "li", held.id, "lp", lastText(job.last), "lr", row.result or "")
  addCount(job.id, row.state, 1)
end

-- While a worker executes a run on its last chance it starts no second such run: if the process dies, the culprit is known.
-- The hash `alone` holds that run for each worker.
local function aloneText(jobId, queueJobId) return jobId .. "\n" .. queueJobId end

local function isAloneTaken(worker, own, maxCrashes)
  local text = call("HGET", PREFIX .. "alone", worker)
  if not text or text == own then return false end
  local jobId, queueJobId = text:match("^(.*)\n(.*)$")
  local heldText = call("HGET", heldKey(jobId, queueJobId), queueJobId)
  local held = heldText and cjson.decode(heldText)
  return held and held.worker == worker and held.crashes == maxCrashes - 1 and not held.suspended
    and not held.isHandedBack
end

local function leaveAlone(jobId, queueJobId, held)
  if held.crashes == 0 then return end
  local key = PREFIX .. "alone"
  if call("HGET", key, held.worker) == aloneText(jobId, queueJobId) then call("HDEL", key, held.worker) end
end

local END_EVENTS = { succeeded = "JOB_EXECUTED", failed = "JOB_ERROR", cancelled = "JOB_CANCELLED" }

-- Ends a run: ledger, counters, instance, event. Then wakes whoever waited for that. `job` is nil if it was removed.
local function finishRun(jobId, job, queueJobId, held, e)
  call("HDEL", heldKey(jobId, queueJobId), queueJobId)
  if held.cancelReason then call("HDEL", PREFIX .. "cancels", queueJobId) end
  if held.groupKey then call("SREM", groupKey(held.groupKey), queueJobId) end
  leaveAlone(jobId, queueJobId, held)
  if held.hasSteps then call("PEXPIRE", PREFIX .. "steps:" .. held.id, e.keepAgeMs) end
  local row = {
    id = held.id, state = e.verdict, kind = held.kind, fireAt = held.fireAt, dueAt = held.dueAt,
    startedAt = held.attemptAt or held.startedAt, finishedAt = e.finishedAt, attempt = held.attempt, worker = held.worker,
    result = e.result, error = e.error, owner = held.owner or OWNERS[jobId], by = held.by,
    cancelledBy = e.verdict == "cancelled" and held.cancelledBy or nil,
  }
  record(jobId, row, e.keepCount, e.keepAgeMs)
  emit({ name = END_EVENTS[e.verdict], jobId = jobId, runId = held.id, fireAt = held.fireAt, attempt = held.attempt,
    worker = held.worker, result = e.result, error = e.error, owner = row.owner, by = row.cancelledBy })
  if job then
    job.judged = nil
    countRun(job, held, row)
    local isTooMuch = job.pauseAfter and e.verdict == "failed" and job.failuresInARow >= job.pauseAfter
    if isTooMuch and job.state == "active" then pauseAfterFailures(job, e.error) end
  else
    -- The job was removed; the row just written may be the first of its ledger.
    keepLedgerUntil(jobId, serverNow() + e.keepAgeMs)
  end
  if held.kind == "backfill" then backfills.endBackfillRun(jobId, e.verdict) end
  local isIdle = releaseIfIdle(jobId)
  if held.groupKey then groups.wakeGroup(held.groupKey) end
  if not isIdle then wakeForQueued(job) end
  if job and job.hasDependents then wakeups.wakeDependents(jobId) end
end

-- Ends a run by a verdict of the scheduler's own, not its worker's.
local function finishHere(jobId, job, queueJobId, held, verdict, errorText)
  -- The retention of a removed job is not known any more: a week.
  finishRun(jobId, job, queueJobId, held, { verdict = verdict, finishedAt = NOW, error = errorText,
    keepCount = job and job.keepCount or 1000, keepAgeMs = job and job.keepAgeMs or 604800000 })
end

-- Ends a run of a removed job: nothing says any more what it should do.
local function endRemoved(jobId, job, queueJobId, held)
  local why = "the job was removed before the run went on"
  if held.suspended == "retry" and held.error then
    why = why .. "; its last attempt failed: " .. cutText(messageOf(held.error), MAX_REASON)
  end
  finishHere(jobId, job, queueJobId, held, "cancelled", cancelError(why))
end

-- Cancels a running run for `by`: at once if it is not being executed; otherwise its worker will be told.
local function cancelHeld(jobId, job, queueJobId, held, reason, by)
  if held.suspended or held.isHandedBack or not held.cancelReason then held.cancelledBy = by end
  if held.suspended or held.isHandedBack then
    dropQueueJob(queueJobId)
    finishHere(jobId, job, queueJobId, held, "cancelled", cancelError(reason))
    return "cancelled"
  end
  if not held.cancelReason then
    held.cancelReason = reason
    writeHeld(jobId, queueJobId, held)
    call("HSET", PREFIX .. "cancels", queueJobId, reason)
  end
  return "asked"
end

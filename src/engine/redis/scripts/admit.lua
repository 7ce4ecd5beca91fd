--[[
admit: decides, for queue jobs that workers took, which occurrences run now and what becomes of the others.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] requests   JSON array of AdmitRequest, times in epoch ms
Returns a JSON array with one answer for each request, in order:
  {"o":"run","run":{...},"revision":n}  execute it
  {"o":"none"}                           nothing to run, or the lock of the queue job is gone
  {"o":"early","waitMs":n}               not due yet by this clock
  {"o":"behind","watermark":n,"revision":n}
                                         ask again with the occurrences after the watermark, by this revision
Each answer also holds "now".
]]

-- A run on its last chance that finds another one with its worker looks again after so long.
local ALONE_MS = 1000

-- A worker's list of what is due may be so old, which covers round trips and clocks that differ a little.
local STALE_MS = 1000

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

-- A start that was taken up again after it ended on purpose: a run that was given back, or goes on later.
local function goOn(held)
  if held.suspended ~= "sleep" then
    held.attempt = held.attempt + 1
    held.attemptAt = nil
  else
    held.attemptAt = held.attemptAt or held.startedAt
  end
  local isNewAttempt = held.suspended ~= "sleep"
  held.suspended, held.resumeAt, held.handedBack, held.isAlive, held.error = nil, nil, nil, nil, nil
  return isNewAttempt
end

-- Why a run ends that nobody ended.
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

-- The run of this queue job began before and did not end: its process died, or gave it back, or it goes on later.
local function takeOver(job, r, held)
  -- The same request again: its answer was lost with a connection.
  if held.take == r.take then return answerRun(job, r.jobId, held) end
  if held.cancel then
    finishHere(r.jobId, job, r.queueJobId, held, "cancelled", cancelError(held.cancel))
    return { o = "none" }
  end
  if not job then
    endRemoved(r.jobId, nil, r.queueJobId, held)
    return { o = "none" }
  end
  -- It gets another queue job when the job goes on.
  if job.state == "paused" and waitsForResume(held) then return { o = "none" } end
  if held.suspended and NOW < held.resumeAt then return { o = "early", waitMs = held.resumeAt - NOW } end
  local isCrash = not held.suspended and not held.handedBack and not held.isAlive
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
  local isNewAttempt = goOn(held)
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

local function admitManual(job, r)
  local text = call("HGET", askedKey(job.id), r.queueJobId)
  if not text then return nil end
  call("HDEL", askedKey(job.id), r.queueJobId)
  local asked = cjson.decode(text)
  local run = { id = r.queueJobId, kind = "manual", fireAt = asked.fireAt, dueAt = asked.fireAt, fromAt = asked.fireAt,
    count = 1, params = asked.params, ignoreCondition = asked.ignoreCondition }
  local where = placeOf(job, run)
  if where ~= "condition" and where ~= "full" then return putInPlace(job, r, run, where) end
  decideOne(job, run, "skipped", refusalOf(job, where))
  releaseIfIdle(job.id)
  return nil
end

-- With coalesce: one decision for all, by the latest.
local function decideTogether(job, r, due, older)
  local latest = due[#due]
  local first = older and older.fromAt or due[1].fireAt
  local others = #due - 1 + (older and older.count or 0)
  local group = { fromAt = first, fireAt = latest.fireAt, dueAt = latest.dueAt, count = others + 1 }
  if isLate(job, latest.dueAt) then
    decideAgainst(job, group, "missed", "JOB_MISSED")
    return nil
  end
  local run = { id = wakeUpId(job.id, "", job.generation, latest.fireAt), kind = "scheduled", fireAt = latest.fireAt,
    dueAt = latest.dueAt, fromAt = first, count = others + 1, generation = job.generation }
  local where = placeOf(job, run)
  if where == "condition" or where == "full" then
    decideAgainst(job, group, "skipped", refusalOf(job, where))
    return nil
  end
  if others > 0 then
    local previous = #due > 1 and due[#due - 1] or { fireAt = older.toAt, dueAt = older.dueAt }
    decideAgainst(job, { fromAt = first, fireAt = previous.fireAt, dueAt = previous.dueAt, count = others },
      "coalesced", "JOB_COALESCED", { coalescedInto = run.id })
  end
  return putInPlace(job, r, run, where)
end

-- Without coalesce: each alone, oldest first; those that must wait for an instance are queued.
local function decideSingly(job, r, due, older)
  local missed, runs = {}, {}
  for i, o in ipairs(due) do
    if #due - i >= job.maxCatchUp or isLate(job, o.dueAt) then
      missed[#missed + 1] = o
    else
      runs[#runs + 1] = { id = wakeUpId(job.id, "", job.generation, o.fireAt), kind = "scheduled", fireAt = o.fireAt,
        dueAt = o.dueAt, fromAt = o.fireAt, count = 1, generation = job.generation }
    end
  end
  if older or #missed > 0 then decideEach(job, missed, older, "missed", "JOB_MISSED") end
  if #runs == 0 then return queue.take(job, r) end
  local where, bound = placeOf(job, runs[1])
  if where == "replace" then
    queue.replace(job, runs)
  elseif where == "condition" or where == "full" then
    decideEach(job, runs, nil, "skipped", refusalOf(job, where))
    return nil
  else
    for i = 1, math.min(#runs, bound or #runs) do queue.add(job, runs[i]) end
    if bound and bound < #runs then
      decideEach(job, { unpack(runs, bound + 1) }, nil, "skipped", refusalOf(job, "full"))
    end
  end
  local held = queue.take(job, r)
  releaseIfIdle(job.id)
  return held
end

-- What is to wait in the queue: one that the worker's clock took for due comes before those that it took for later.
local function upcomingOf(early, later)
  if not early then return later end
  local upcoming = { early }
  for _, o in ipairs(later) do upcoming[#upcoming + 1] = o end
  return upcoming
end

-- Whether the request was made so long ago, or by such an old definition, that what it lists is not all that is due.
local function isOutdated(job, r)
  local next = r.upcoming[1]
  return (next and next.dueAt + STALE_MS <= NOW) or (r.older and r.revision < job.revision)
end

-- The part of the request that has not been decided, or the answer if it can't be decided now.
local function undecided(job, r)
  local due, early = {}, nil
  for _, o in ipairs(r.latest) do
    if o.fireAt > job.watermark then
      if o.dueAt <= NOW then
        due[#due + 1] = o
      else
        early = early or o
      end
    end
  end
  local older = r.older
  if older and older.toAt <= job.watermark then older = nil end
  if early and #due == 0 and not older then return nil, { o = "early", waitMs = early.dueAt - NOW } end
  if #due == 0 and not early then return nil, nil end
  local isPartlyDecided = older and older.fromAt <= job.watermark
  -- What is early took the place of what is due, in a list that was too short for both.
  local isCrowded = older and early
  if r.base > job.watermark or isPartlyDecided or isCrowded or isOutdated(job, r) then
    return nil, { o = "behind", watermark = job.watermark, revision = job.revision }
  end
  return { due = due, older = older, upcoming = upcomingOf(early, r.upcoming) }, nil
end

-- The schedule moves on, and what is due is decided.
local function decideDue(job, r, open)
  local upTo = open.due[#open.due].fireAt
  dropNext(job.id, upTo, r.queueJobId)
  placeNext(job.id, open.upcoming, upTo)
  addNext(job.id, job.pipeline, job.generation, open.upcoming)
  local decide = job.coalesce and decideTogether or decideSingly
  local held = decide(job, r, open.due, open.older)
  if not open.upcoming[1] then endSchedule(job.id) end
  return held
end

-- A call for the queued runs: from here on it can't be told any more that there is something to look at.
-- Returns the answer where the call came too early.
local function takeCall(r)
  local v = call("HMGET", jobKey(r.jobId), "ct", "wt", "wa")
  if v[2] == r.queueJobId then
    if NOW < tonumber(v[3]) then return { o = "early", waitMs = tonumber(v[3]) - NOW } end
    call("HDEL", jobKey(r.jobId), "wt", "wa")
  elseif v[1] == r.queueJobId then
    call("HDEL", jobKey(r.jobId), "ct")
  end
  return nil
end

-- A call that the server came to late: the queue job is no longer that worker's. What an earlier one of the same request
-- began ended with no crash.
local function refuseLate(r, held)
  if not held or held.take ~= r.take or held.isAlive then return end
  held.isAlive = true
  writeHeld(r.jobId, r.queueJobId, held)
end

local function admitOne(r)
  local heldText = call("HGET", heldKey(r.jobId, r.queueJobId), r.queueJobId)
  if r.lock and call("GET", QUEUE .. r.queueJobId .. ":lock") ~= r.lock then
    refuseLate(r, heldText and cjson.decode(heldText))
    return { o = "none" }
  end
  local job = readJob(r.jobId)
  if heldText then return takeOver(job, r, cjson.decode(heldText)) end
  if not job then return { o = "none" } end
  if r.kind == "backfill" then
    local begun = admitBackfill(job, r)
    return begun and answerRun(job, job.id, begun) or { o = "none" }
  end

  local held
  if r.kind == "manual" then
    held = admitManual(job, r)
  elseif r.kind == "continuation" then
    local early = takeCall(r)
    if early then return early end
    held = queue.take(job, r)
  elseif job.state == "paused" then
    return { o = "none" }
  else
    local open, answer
    if r.knowsSchedule and r.generation == job.generation and job.state == "active" then
      open, answer = undecided(job, r)
      if answer then return answer end
    end
    if open then
      held = decideDue(job, r, open)
    else
      held = queue.take(job, r)
    end
  end
  if not job.hasLooked then callForQueued(job) end
  if held then return answerRun(job, job.id, held) end
  return { o = "none" }
end

local answers = {}
for i, request in ipairs(cjson.decode(ARGV[5])) do
  answers[i] = admitOne(request)
  answers[i].now = NOW
end
finish()
return cjson.encode(answers)

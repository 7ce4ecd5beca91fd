--[[
admit: decides, for queue jobs that workers took, which occurrences run now and what becomes of the others.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] requests   JSON array of AdmitRequest, times in epoch ms
Returns a JSON array with one answer for each request, in order:
  {"o":"run","run":{...},"revision":n}  execute it
  {"o":"none"}                           nothing to run
  {"o":"early","waitMs":n}               not due yet by this clock
  {"o":"behind","watermark":n,"revision":n}
                                         ask again with the occurrences after the watermark, by this revision
Each answer also holds "now".
]]

-- A worker's list of what is due may be so old, which covers round trips and clocks that differ a little.
local STALE_MS = 1000

local function lastRun(jobId)
  local v = call("HMGET", jobKey(jobId), "li", "lv", "lf", "ls", "le", "lr")
  if not v[1] then return nil end
  return { id = v[1], verdict = v[2], fireAt = tonumber(v[3]), startedAt = tonumber(v[4]),
    finishedAt = tonumber(v[5]), result = v[6] ~= "" and v[6] or nil }
end

local function answerRun(job, jobId, held)
  return { o = "run", revision = job and job.revision or 0, run = {
    runId = held.id, kind = held.kind, fireAt = held.fireAt, dueAt = held.dueAt, startedAt = held.startedAt,
    attempt = held.attempt, count = held.count, fromAt = held.fromAt, params = held.params, lastRun = lastRun(jobId),
  } }
end

local function start(job, r, run)
  local held = {
    id = run.id, kind = run.kind, fireAt = run.fireAt, dueAt = run.dueAt, fromAt = run.fromAt, count = run.count,
    startedAt = NOW, attempt = 1, crashes = 0, worker = r.worker, take = r.take, params = run.params, pipeline = job.pipeline,
  }
  call("HSET", instancesKey(job.id), r.queueJobId, cjson.encode(held))
  call("SADD", PREFIX .. "live", job.id)
  emit({ name = "JOB_SUBMITTED", jobId = job.id, runId = held.id, fireAt = held.fireAt, worker = r.worker })
  emit({ name = "JOB_STARTED", jobId = job.id, runId = held.id, fireAt = held.fireAt, attempt = 1, worker = r.worker })
  return held
end

local function isFull(job)
  return call("HLEN", instancesKey(job.id)) >= job.maxInstances
end

-- The run of this queue job began before and did not end: its process died, or gave it back.
local function takeOver(job, r, held)
  -- The same request again: its answer was lost with a connection.
  if held.take == r.take then return answerRun(job, r.jobId, held) end
  held.take = r.take
  if held.handedBack then
    held.handedBack = nil
  else
    held.crashes = held.crashes + 1
  end
  if held.crashes >= r.maxCrashes then
    finishRun(r.jobId, r.queueJobId, held, {
      verdict = "failed", finishedAt = NOW, keepCount = job and job.keepCount or 1000, keepAgeMs = job and job.keepAgeMs or 604800000,
      error = cjson.encode({ name = "CronduitError", code = "RUN_CRASHED",
        message = "crashed: the process died in each of " .. held.crashes .. " starts" }),
    })
    callForQueued(r.jobId, job)
    return { o = "none" }
  end
  held.attempt = held.attempt + 1
  held.worker = r.worker
  held.startedAt = NOW
  call("HSET", instancesKey(r.jobId), r.queueJobId, cjson.encode(held))
  emit({ name = "JOB_STARTED", jobId = r.jobId, runId = held.id, fireAt = held.fireAt, attempt = held.attempt, worker = r.worker })
  return answerRun(job, r.jobId, held)
end

local function admitManual(job, r)
  local asked = call("HGET", askedKey(job.id), r.queueJobId)
  if not asked then return { o = "none" } end
  call("HDEL", askedKey(job.id), r.queueJobId)
  asked = cjson.decode(asked)
  if isFull(job) then
    record(job.id, { id = r.queueJobId, state = "skipped", kind = "manual", fireAt = asked.fireAt,
      dueAt = asked.fireAt, decidedAt = NOW, reason = "max-instances" }, job.keepCount, job.keepAgeMs)
    emit({ name = "JOB_MAX_INSTANCES", jobId = job.id, runId = r.queueJobId, fireAt = asked.fireAt, count = 1 })
    releaseIfIdle(job.id)
    return { o = "none" }
  end
  local held = start(job, r, { id = r.queueJobId, kind = "manual", fireAt = asked.fireAt, dueAt = asked.fireAt,
    fromAt = asked.fireAt, count = 1, params = asked.params })
  return answerRun(job, job.id, held)
end

local function isLate(job, dueAt)
  return job.graceMs ~= nil and NOW - dueAt > job.graceMs
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
  if isFull(job) then
    decideAgainst(job, group, "skipped", "JOB_MAX_INSTANCES", { reason = "max-instances" })
    return nil
  end
  local runId = wakeUpId(job.id, "", job.generation, latest.fireAt)
  if others > 0 then
    local previous = #due > 1 and due[#due - 1] or { fireAt = older.toAt, dueAt = older.toAt }
    decideAgainst(job, { fromAt = first, fireAt = previous.fireAt, dueAt = previous.dueAt, count = others },
      "coalesced", "JOB_COALESCED", { coalescedInto = runId })
  end
  return start(job, r, { id = runId, kind = "scheduled", fireAt = latest.fireAt, dueAt = latest.dueAt,
    fromAt = first, count = others + 1 })
end

-- Takes the oldest queued occurrence that is not too late by now, if an instance is free.
local function takeQueued(job, r)
  while not isFull(job) do
    local head = call("ZPOPMIN", pendingKey(job.id))
    if not head[1] then return nil end
    local o = cjson.decode(head[1])
    if isLate(job, o.dueAt) then
      decideEach(job, { o }, nil, "missed", "JOB_MISSED")
    else
      return start(job, r, { id = wakeUpId(job.id, "", o.generation, o.fireAt), kind = "scheduled", fireAt = o.fireAt,
        dueAt = o.dueAt, fromAt = o.fireAt, count = 1 })
    end
  end
  return nil
end

-- Without coalesce: each alone, oldest first; those that must wait for an instance are queued.
local function decideSingly(job, r, due, older)
  local missed, runnable = {}, {}
  for i, o in ipairs(due) do
    if #due - i >= job.maxCatchUp or isLate(job, o.dueAt) then
      missed[#missed + 1] = o
    else
      runnable[#runnable + 1] = o
    end
  end
  if older or #missed > 0 then decideEach(job, missed, older, "missed", "JOB_MISSED") end
  if #runnable == 0 then return takeQueued(job, r) end
  if isFull(job) then
    decideEach(job, runnable, nil, "skipped", "JOB_MAX_INSTANCES", { reason = "max-instances" })
    return nil
  end
  for _, o in ipairs(runnable) do
    call("ZADD", pendingKey(job.id), o.fireAt,
      cjson.encode({ fireAt = o.fireAt, dueAt = o.dueAt, generation = job.generation }))
  end
  call("SADD", PREFIX .. "live", job.id)
  local held = takeQueued(job, r)
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

local function admitOne(r)
  local job = readJob(r.jobId)
  local heldText = call("HGET", instancesKey(r.jobId), r.queueJobId)
  if heldText then return takeOver(job, r, cjson.decode(heldText)) end
  if not job then return { o = "none" } end
  if r.kind == "manual" then return admitManual(job, r) end
  if job.state == "paused" then return { o = "none" } end

  local held
  local open
  if r.kind == "occurrence" and r.knowsSchedule and r.generation == job.generation and job.state == "active" then
    local answer
    open, answer = undecided(job, r)
    if answer then return answer end
  end
  if open then
    call("HSET", jobKey(job.id), "w", open.due[#open.due].fireAt)
    placeNext(job.id, open.upcoming[1])
    addOccurrences(job.id, job.pipeline, job.generation, open.upcoming)
    if job.coalesce then
      held = decideTogether(job, r, open.due, open.older)
    else
      held = decideSingly(job, r, open.due, open.older)
    end
    if not open.upcoming[1] then
      call("HSET", jobKey(job.id), "st", "finished", "fin", NOW)
      emit({ name = "JOB_FINISHED", jobId = job.id })
    end
  else
    held = takeQueued(job, r)
  end
  callForQueued(job.id, job)
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

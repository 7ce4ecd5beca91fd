--[[
import_records: stores records of another engine, each once, however often the import is repeated.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] step   JSON: importId, by (who imports), sequence, isDone, records (in the order of their places); times in epoch ms:
               job          place, jobId, claim?, definition (JSON text), declared, schedule, pipeline, fields, state,
                            watermark, pausedAt?, pausedReason?, pausedUntil?, finishedAt?, counts, lastRun?,
                            lastScheduledRun? (if that is another), lastSuccessAt?, successStreak, failuresInARow, everRan, changesAt?, queued (as
                            stored), runs (as stored, with queueJobId),
                            backfill {backfillId,state,total,concurrency,order,verdicts,createdAt,touchedAt,fireTimes}?,
                            cleanedTo?, handedOver (JSON text)?, skips [{fireAt,dueAt,reason?,by,at}], upcoming [{fireAt,dueAt}]
               removed-job  place, jobId, runs, keepUntil?, cleanedTo?
               request      place, jobId, runId, fireAt, params (JSON text)?, ignoreCondition?, by?
               step         place, jobId, runId, fireAt, keepUntil?, keepAgeMs, name, record (JSON text)
               ledger       place, jobId, id, fireAt, keepUntil?, row (JSON text)
               revision     place, jobId, keepUntil?, revision (JSON text)
Returns JSON:
  {"place":n}                  the last place that is stored
  {"place":n,"existing":[id]}  these jobs exist, and not by this import, or another queue has claimed their ids: nothing of
                               the step was stored
  {"place":n,"void":true}      a claim was fenced off: nothing of the step was stored
]]
-- How long an import may be interrupted. What it stored for jobs that did not follow is dropped then.
local WEEK_MS = 604800000
local step = cjson.decode(ARGV[5])
local reachedKey = PREFIX .. "import:" .. step.importId
local reached = tonumber(call("GET", reachedKey) or 0)

local function importRun(jobId, run)
  local id = run.queueJobId
  run.queueJobId = nil
  run.take = ""
  call("HSET", heldKey(jobId, id), id, cjson.encode(run))
  call("SADD", PREFIX .. "live", jobId)
  if run.cancelReason then call("HSET", PREFIX .. "cancels", id, run.cancelReason) end
  if call("HGET", jobKey(jobId), "st") == "paused" and waitsForResume(run) then return end
  local dueAt = run.suspended and run.resumeAt or NOW
  if run.kind == "backfill" then
    backfills.importQueueJob(id, run.pipeline, dueAt)
  else
    addQueueJob(id, run.pipeline, dueAt)
  end
end

-- Runs that wait for a condition are looked at, which also sets the next wakeup.
local function importQueued(job, queued)
  for _, run in ipairs(queued) do queuedRuns.addQueued(job, run) end
  if not queued[1] then return end
  if job.condition and job.condition.waitMs then
    wakeups.wakeJob(job.id, job.pipeline)
  else
    wakeForQueued(job)
  end
end

local function importBackfill(job, b)
  local key = backfillKey(job.id)
  call("HSET", key, "id", b.backfillId, "st", b.state, "at", b.createdAt, "ta", b.touchedAt, "total", b.total,
    "con", b.concurrency, "or", b.order)
  for verdict, count in pairs(b.verdicts) do call("HSET", key, "c:" .. verdict, count) end
  for _, fireAt in ipairs(b.fireTimes) do
    backfills.addFireTime(job.id, fireAt, b.order)
  end
  if b.state ~= "finished" and b.state ~= "cancelled" then
    noteWaiting(job.id)
    backfills.feedBackfill(job.id)
  end
end

-- The run may be taken as soon as its job exists, and finds its steps then.
local function importStep(r)
  local key, runs = PREFIX .. "steps:" .. r.runId, PREFIX .. "step-runs:" .. r.jobId
  call("HSET", key, r.name, r.record)
  call("ZADD", runs, r.fireAt, r.runId)
  local endsAt = string.format("%d", r.keepUntil or serverNow() + r.keepAgeMs)
  call("PEXPIREAT", key, endsAt)
  call("PEXPIREAT", runs, endsAt)
end

-- A job's history, as fields of its hash alternating with their values.
local function pastOf(r)
  local last = r.lastRun or { fireAt = 0, startedAt = 0, finishedAt = 0 }
  last.successStreak, last.failuresInARow, last.lastSuccessAt = r.successStreak, r.failuresInARow, r.lastSuccessAt
  local values = { pa = r.pausedAt, pr = r.pausedReason, pu = r.pausedUntil, fin = r.finishedAt, er = r.everRan and 1 or nil,
    lp = lastText(last), li = last.id, lr = last.id and (last.result or ""), ls = r.lastScheduledRun and scheduledText(r.lastScheduledRun),
    ho = r.handedOver }
  for verdict, count in pairs(r.counts) do values["c:" .. verdict] = count end
  local past = {}
  for name, value in pairs(values) do
    past[#past + 1] = name
    past[#past + 1] = value
  end
  return past
end

-- Up to which fire time rows were deleted on request.
local function importCleaned(r)
  if not r.cleanedTo then return end
  local key = cleanedKey(r.jobId)
  call("SET", key, string.format("%d", math.max(r.cleanedTo, tonumber(call("GET", key) or 0))))
  if r.keepUntil then call("PEXPIREAT", key, string.format("%d", r.keepUntil)) end
end

local function importJob(r)
  local id = r.jobId
  r.by = step.by
  storeJob(id, r, pastOf(r), r.lastRun and r.lastRun.verdict)
  importCleaned(r)
  for _, run in ipairs(r.runs) do importRun(id, run) end
  local job = readJob(id)
  importQueued(job, r.queued)
  if r.backfill then importBackfill(job, r.backfill) end
  for _, skip in ipairs(r.skips) do skips.addSkip(id, skip) end
  if r.skips[1] then skips.noteFirst(id) end
end

local function importRequest(r)
  local job = readJob(r.jobId)
  if not job then return end
  call("HSET", requestsKey(r.jobId), r.runId, cjson.encode({ fireAt = r.fireAt, params = r.params,
    ignoreCondition = r.ignoreCondition, by = r.by }))
  noteWaiting(r.jobId)
  addQueueJob(r.runId, job.pipeline, r.fireAt)
end

-- What comes before its job is kept until the job follows.
local function keepPast(r)
  if call("EXISTS", jobKey(r.jobId)) == 1 then return end
  local endsAt = tonumber(call("ZSCORE", PREFIX .. "gone", r.jobId) or 0)
  keepLedgerUntil(r.jobId, math.max(endsAt, r.keepUntil or serverNow() + WEEK_MS))
end

local function importLedger(r)
  local key = ledgerKey(r.jobId)
  for _, member in ipairs(call("ZRANGEBYSCORE", key, r.fireAt, r.fireAt)) do
    if cjson.decode(member).id == r.id then return end
  end
  call("ZADD", key, r.fireAt, r.row)
  local row = cjson.decode(r.row)
  noteDecided(row.id, row.state, row.finishedAt or row.decidedAt or row.fireAt)
  keepPast(r)
end

local function importRevision(r)
  local revision = cjson.decode(r.revision)
  if not changes.hasRevision(r.jobId, revision) then changes.addRevision(r.jobId, r.revision) end
  keepPast(r)
end

local store = {
  job = importJob,
  ["removed-job"] = function(r)
    importCleaned(r)
    for _, run in ipairs(r.runs) do importRun(r.jobId, run) end
  end,
  request = importRequest,
  step = importStep,
  ledger = importLedger,
  revision = importRevision,
}

local existing, isVoid = {}, false
local fence = tonumber(call("HGET", PREFIX .. "meta", "fence") or "0")
for _, r in ipairs(step.records) do
  if r.place > reached and r.kind == "job" then
    local isElsewhere = not r.claim and call("HEXISTS", PREFIX .. "homes", r.jobId) == 1
    if isElsewhere or call("EXISTS", jobKey(r.jobId)) == 1 then existing[#existing + 1] = r.jobId end
    if r.claim and fence >= r.claim then isVoid = true end
  end
end
if existing[1] then return cjson.encode({ place = reached, existing = existing }) end
if isVoid then return cjson.encode({ place = reached, void = true }) end

if step.records[1] then
  raiseSequence(step.sequence)
  for _, r in ipairs(step.records) do
    if r.claim then raiseSequence(r.claim) end
    -- Before any job that waits for room is woken.
    for _, run in ipairs(r.place > reached and r.runs or {}) do
      if run.groupKey then call("SADD", groupKey(run.groupKey), run.queueJobId) end
    end
  end
  for _, r in ipairs(step.records) do
    if r.place > reached then store[r.kind](r) end
  end
  reached = math.max(reached, step.records[#step.records].place)
  call("SET", reachedKey, reached, "PX", WEEK_MS)
end
if step.isDone then call("DEL", reachedKey) end
finish()
return cjson.encode({ place = reached })

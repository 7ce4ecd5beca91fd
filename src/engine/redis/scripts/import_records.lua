--[[
import_records: stores records of another engine, each once however often the import is repeated.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] step   JSON: importId, sequence, isDone, records (in the order of their places); times in epoch ms:
               job          place, jobId, definition (JSON text), declared, schedule, pipeline, fields, state, watermark,
                            pausedAt?, pausedReason?, finishedAt?, counts, lastRun?, lastSuccessAt?, failuresInARow,
                            queued [{fireAt,dueAt,generation}], runs, upcoming [{fireAt,dueAt}]
               removed-job  place, jobId, runs
               request      place, jobId, runId, fireAt, params (JSON text)?
               ledger       place, jobId, id, fireAt, keepUntil?, row (JSON text)
Returns JSON:
  {"place":n}                  the last place that is stored
  {"place":n,"existing":[id]}  these jobs are there, and not by this import: nothing of the step was stored
]]
-- How long an import may be interrupted: what it stored for jobs that did not follow is let go of then.
local WEEK_MS = 604800000
local step = cjson.decode(ARGV[5])
local reachedKey = PREFIX .. "import:" .. step.importId
local reached = tonumber(call("GET", reachedKey) or 0)

local function importRun(jobId, run)
  local id = run.queueJobId
  run.queueJobId = nil
  run.take = ""
  call("HSET", instancesKey(jobId), id, cjson.encode(run))
  call("SADD", PREFIX .. "live", jobId)
  addQueueJob(id, run.pipeline, NOW)
end

local function importLedger(r)
  local key = ledgerKey(r.jobId)
  for _, member in ipairs(call("ZRANGEBYSCORE", key, r.fireAt, r.fireAt)) do
    if cjson.decode(member).id == r.id then return end
  end
  call("ZADD", key, r.fireAt, r.row)
  if call("EXISTS", jobKey(r.jobId)) == 1 then return end
  local endsAt = tonumber(call("ZSCORE", PREFIX .. "gone", r.jobId) or 0)
  keepLedgerUntil(r.jobId, math.max(endsAt, r.keepUntil or serverTime() + WEEK_MS))
end

local function importJob(r)
  local key, id = jobKey(r.jobId), r.jobId
  local sequence = nextSequence()
  call("HSET", PREFIX .. "defs", id, r.definition)
  call("HSET", key, "rev", sequence, "gen", sequence, "st", r.state, "w", r.watermark, "da", r.declared,
    "sc", r.schedule, "pl", r.pipeline, "bad", r.failuresInARow, unpack(r.fields))
  for field, value in pairs({ pa = r.pausedAt, pr = r.pausedReason, fin = r.finishedAt, ok = r.lastSuccessAt }) do
    call("HSET", key, field, value)
  end
  for verdict, count in pairs(r.counts) do call("HSET", key, "c:" .. verdict, count) end
  local last = r.lastRun
  if last then
    call("HSET", key, "li", last.id, "lv", last.verdict, "lf", last.fireAt, "ls", last.startedAt, "le", last.finishedAt,
      "lr", last.result or "")
  end
  placeNext(id, r.state == "active" and r.upcoming[1] or nil)
  if r.state == "active" then addOccurrences(id, r.pipeline, sequence, r.upcoming) end
  for _, o in ipairs(r.queued) do
    call("ZADD", pendingKey(id), o.fireAt,
      cjson.encode({ fireAt = o.fireAt, dueAt = o.dueAt, generation = o.generation }))
    call("SADD", PREFIX .. "live", id)
  end
  for _, run in ipairs(r.runs) do importRun(id, run) end
  keepLedger(id)
  emit({ name = "JOB_ADDED", jobId = id })
  callForQueued(id, readJob(id))
end

local function importRequest(r)
  local job = readJob(r.jobId)
  if not job then return end
  call("HSET", askedKey(r.jobId), r.runId, cjson.encode({ fireAt = r.fireAt, params = r.params }))
  call("SADD", PREFIX .. "live", r.jobId)
  addQueueJob(r.runId, job.pipeline, r.fireAt)
end

local store = {
  job = importJob,
  ["removed-job"] = function(r) for _, run in ipairs(r.runs) do importRun(r.jobId, run) end end,
  request = importRequest,
  ledger = importLedger,
}

local existing = {}
for _, r in ipairs(step.records) do
  if r.place > reached and r.kind == "job" and call("EXISTS", jobKey(r.jobId)) == 1 then
    existing[#existing + 1] = r.jobId
  end
end
if existing[1] then return cjson.encode({ place = reached, existing = existing }) end

if step.records[1] then
  if tonumber(call("HGET", PREFIX .. "meta", "seq") or 0) < step.sequence then
    call("HSET", PREFIX .. "meta", "seq", step.sequence)
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

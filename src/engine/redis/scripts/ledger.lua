-- Decisions: rows of the ledger, and the events that tell of them.
-- At most so many single events an admission; what is beyond is told by one event with a count.
local MAX_SINGLE_EVENTS = 100
-- Rows of the ledger that one new row may push out for their age: more than come in, and still a bounded step.
local MAX_EXPIRED = 10

-- Lets go of rows whose decision is older than the job's retention. The fire time is only where to look: what an outage
-- left undecided for longer than that is recorded all the same, and stays for its time.
local function dropExpired(key, keepAgeMs)
  local before = NOW - keepAgeMs
  local range = call("ZRANGEBYSCORE", key, "-inf", string.format("(%d", before), "LIMIT", "0", MAX_EXPIRED)
  for _, member in ipairs(range) do
    local row = cjson.decode(member)
    if (row.finishedAt or row.decidedAt or row.fireAt) < before then call("ZREM", key, member) end
  end
end

-- Appends a ledger row and lets go of what exceeds the job's retention.
local function recordText(jobId, fireAt, text, keepCount, keepAgeMs)
  local key = ledgerKey(jobId)
  call("ZADD", key, fireAt, text)
  call("ZREMRANGEBYRANK", key, "0", -(keepCount + 1))
  dropExpired(key, keepAgeMs)
end

local function record(jobId, row, keepCount, keepAgeMs)
  recordText(jobId, row.fireAt, cjson.encode(row), keepCount, keepAgeMs)
end

local function count(jobId, verdict, n)
  call("HINCRBY", jobKey(jobId), "c:" .. verdict, n)
end

-- Records occurrences that will not run, as one row, and tells of them.
-- `group`: { fromAt, fireAt, dueAt, count, generation?, id?, kind? }
local function decideAgainst(job, group, state, eventName, extra)
  local row = {
    id = group.id or wakeUpId(job.id, "", group.generation or job.generation, group.fireAt), state = state,
    kind = group.kind or "scheduled", fireAt = group.fireAt, dueAt = group.dueAt or group.fireAt, decidedAt = NOW,
  }
  if group.count > 1 then
    row.fromAt = group.fromAt
    row.count = group.count
  end
  for k, v in pairs(extra or {}) do row[k] = v end
  record(job.id, row, job.keepCount, job.keepAgeMs)
  count(job.id, state, group.count)
  emit({ name = eventName, jobId = job.id, runId = (extra and extra.coalescedInto) or row.id, fireAt = group.fireAt,
    count = group.count, reason = extra and extra.reason, error = extra and extra.error })
end

local function decideOne(job, run, state, eventName, extra)
  decideAgainst(job, { id = run.id, kind = run.kind, fromAt = run.fireAt, fireAt = run.fireAt, dueAt = run.dueAt,
    count = 1, generation = run.generation }, state, eventName, extra)
end

-- Records neighbours that share a verdict: singly up to a bound, what is older as one span.
local function decideEach(job, list, span, state, eventName, extra)
  local from = math.max(1, #list - MAX_SINGLE_EVENTS + 1)
  local group = span and { fromAt = span.fromAt, fireAt = span.toAt, dueAt = span.dueAt, count = span.count } or nil
  for i = 1, from - 1 do
    local o = list[i]
    group = { fromAt = group and group.fromAt or o.fireAt, fireAt = o.fireAt, dueAt = o.dueAt,
      generation = o.generation, count = (group and group.count or 0) + 1 }
  end
  if group then decideAgainst(job, group, state, eventName, extra) end
  for i = from, #list do decideOne(job, list[i], state, eventName, extra) end
end

-- Records what a change of the job decides: spans { fromAt, toAt, count, dueAt?, verdict, reason? }.
local function decideSpans(job, spans)
  for _, span in ipairs(spans) do
    decideAgainst(job, { fromAt = span.fromAt, fireAt = span.toAt, dueAt = span.dueAt, count = span.count }, span.verdict,
      span.verdict == "missed" and "JOB_MISSED" or "JOB_SKIPPED", { reason = span.reason })
  end
end

local function cancelError(reason)
  return cjson.encode({ name = "CronduitError", code = "RUN_CANCELLED", message = reason })
end

-- Records a run that was cancelled before it began.
local function recordCancelled(job, run, reason)
  decideOne(job, run, "cancelled", "JOB_CANCELLED", { error = cancelError(reason) })
end

-- Decisions: rows of the ledger, and the events that report them.

-- At most this many events of their own for neighbours that share a verdict; the others share one event with a count.
local MAX_SINGLE_EVENTS = 100
-- Rows that one new row may push out for their age: more than arrive, so that it catches up, but bounded.
local MAX_EXPIRED = "10"

local FROM_END, EXCLUSIVE = textsOf("-%d"), textsOf("(%d")

-- Keeps the ledger, the roll-ups and the changes of a job that does not exist until `endsAt`, by the server's clock. `gone` lists such ledgers.
local function keepLedgerUntil(jobId, endsAt)
  for _, key in ipairs({ ledgerKey(jobId), cleanedKey(jobId), daysKey(jobId), PREFIX .. "revisions:" .. jobId }) do
    call("PEXPIREAT", key, string.format("%d", endsAt))
  end
  call("ZADD", PREFIX .. "gone", endsAt, jobId)
end

-- Drops rows whose decision is older than the job's retention. Fire times only narrow the search; a late
-- decision is still kept for its full age.
local function dropExpired(key, keepAgeMs)
  local before = NOW - keepAgeMs
  local range = call("ZRANGEBYSCORE", key, "-inf", EXCLUSIVE[before], "LIMIT", "0", MAX_EXPIRED)
  for _, member in ipairs(range) do
    local row = cjson.decode(member)
    if (row.finishedAt or row.decidedAt or row.fireAt) < before then call("ZREM", key, member) end
  end
end

-- Appends a row and drops what exceeds the job's retention.
local function recordText(jobId, fireAt, text, keepCount, keepAgeMs)
  local key = ledgerKey(jobId)
  call("ZADD", key, fireAt, text)
  call("ZREMRANGEBYRANK", key, "0", FROM_END[keepCount + 1])
  dropExpired(key, keepAgeMs)
end

local function record(jobId, row, keepCount, keepAgeMs)
  row.owner = row.owner or OWNERS[jobId]
  countRow(jobId, row)
  noteDecided(row.id, row.state, row.finishedAt or row.decidedAt or row.fireAt)
  recordText(jobId, row.fireAt, cjson.encode(row), keepCount, keepAgeMs)
end

local function addCount(jobId, verdict, n)
  call("HINCRBY", jobKey(jobId), "c:" .. verdict, n)
end

-- Records occurrences that will not run, as one row and one event.
-- `span`: { fromAt, fireAt, dueAt, count, generation?, id?, kind?, by? }; `fireAt` and `dueAt` are those of the latest.
local function decideAgainst(job, span, state, eventName, extra)
  local row = {
    id = span.id or queueJobIdOf(job.id, "", span.generation or job.generation, span.fireAt), state = state,
    kind = span.kind or "scheduled", fireAt = span.fireAt, dueAt = span.dueAt or span.fireAt, decidedAt = NOW,
    by = span.by,
  }
  if span.count > 1 then
    row.fromAt = span.fromAt
    row.count = span.count
  end
  for k, v in pairs(extra or {}) do row[k] = v end
  record(job.id, row, job.keepCount, job.keepAgeMs)
  addCount(job.id, state, span.count)
  emit({ name = eventName, jobId = job.id, runId = (extra and extra.coalescedInto) or row.id, fireAt = span.fireAt,
    count = span.count, reason = extra and extra.reason, error = extra and extra.error,
    by = extra and (extra.cancelledBy or extra.by), note = extra and extra.note })
end

local function decideOne(job, run, state, eventName, extra)
  decideAgainst(job, { id = run.id, kind = run.kind, fromAt = run.fireAt, fireAt = run.fireAt, dueAt = run.dueAt,
    count = 1, generation = run.generation, by = run.by }, state, eventName, extra)
end

-- Records neighbours that share a verdict: the latest 100 singly, older ones as one span.
local function decideEach(job, list, older, state, eventName, extra)
  local from = math.max(1, #list - MAX_SINGLE_EVENTS + 1)
  local span = older and { fromAt = older.fromAt, fireAt = older.toAt, dueAt = older.dueAt, count = older.count } or nil
  for i = 1, from - 1 do
    local o = list[i]
    span = { fromAt = span and span.fromAt or o.fireAt, fireAt = o.fireAt, dueAt = o.dueAt,
      generation = o.generation, count = (span and span.count or 0) + 1 }
  end
  if span then decideAgainst(job, span, state, eventName, extra) end
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

-- Records a run that was cancelled before it started. `by`: who cancelled it.
local function recordCancelled(job, run, reason, by)
  decideOne(job, run, "cancelled", "JOB_CANCELLED", { error = cancelError(reason), cancelledBy = by })
end

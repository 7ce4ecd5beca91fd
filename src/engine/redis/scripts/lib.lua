-- Shared by every script of this folder, which the loader puts behind it.
-- ARGV[1] prefix       of our keys, with the hash tag, ends with a colon
-- ARGV[2] queuePrefix  of BullMQ's keys of the queue, same hash tag, ends with a colon
-- ARGV[3] now          epoch ms; empty = the server's clock
-- ARGV[4] maxEvents    entries that the event stream keeps, about
local PREFIX, QUEUE = ARGV[1], ARGV[2]
local call = redis.call
-- At most so many single events an admission; what is beyond is told by one event with a count.
local MAX_SINGLE_EVENTS = 100
-- Rows of the ledger that one new row may push out for their age: more than come in, and still a bounded step.
local MAX_EXPIRED = 10

local function serverTime()
  local t = call("TIME")
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function clock()
  if ARGV[3] ~= "" then return tonumber(ARGV[3]) end
  return serverTime()
end

local NOW = clock()
local EVENTS = {}

local function emit(event)
  event.at = NOW
  EVENTS[#EVENTS + 1] = event
end

-- All events of a call are one entry of the stream: one append however many runs share the call.
local function flushEvents()
  if #EVENTS == 0 then return end
  call("XADD", PREFIX .. "events", "MAXLEN", "~", ARGV[4], "*", "e", cjson.encode(EVENTS))
end

-- Adds a queue job as BullMQ would, in the same step as the decision that asks for it, so that no crash can come
-- between the two. One that exists stays as it is. `test/bullmq-facts` compares what this writes with BullMQ's own.
local HAS_DELAYED, HAS_WAITING = false, false
local function addQueueJob(id, pipeline, dueAt)
  local key = QUEUE .. id
  if call("EXISTS", key) == 1 then return end
  local delay = math.max(0, dueAt - NOW)
  call("HSET", key, "name", pipeline, "data", "0", "opts", '{"attempts":0}', "timestamp", dueAt - delay,
    "delay", delay, "priority", 0)
  if delay == 0 then
    call("LPUSH", QUEUE .. "wait", id)
    HAS_WAITING = true
    return
  end
  -- BullMQ keeps 4096 places for each millisecond, so that jobs of one instant run in the order of their adding.
  local first, last = dueAt * 4096, (dueAt + 1) * 4096 - 1
  local newest = call("ZREVRANGEBYSCORE", QUEUE .. "delayed", last, first, "WITHSCORES", "LIMIT", 0, 1)
  call("ZADD", QUEUE .. "delayed", newest[2] and math.min(tonumber(newest[2]) + 1, last) or first, id)
  HAS_DELAYED = true
end

-- Tells waiting workers of the queue jobs that were added.
local function wakeWorkers()
  if HAS_DELAYED then
    local head = call("ZRANGE", QUEUE .. "delayed", 0, 0, "WITHSCORES")
    call("ZADD", QUEUE .. "marker", math.floor(tonumber(head[2]) / 4096), "1")
  end
  if HAS_WAITING and call("HEXISTS", QUEUE .. "meta", "paused") == 0 then
    call("ZADD", QUEUE .. "marker", 0, "0")
  end
end

local function encodeJobId(jobId)
  return (jobId:gsub("%%", "%%25"):gsub(":", "%%3A"))
end

local function wakeUpId(jobId, mark, sequence, fireAt)
  return string.format("%s:%s%d:%d", encodeJobId(jobId), mark, sequence, fireAt)
end

local function nextSequence()
  return call("HINCRBY", PREFIX .. "meta", "seq", 1)
end

local function jobKey(jobId) return PREFIX .. "job:" .. jobId end
local function instancesKey(jobId) return PREFIX .. "inst:" .. jobId end
local function pendingKey(jobId) return PREFIX .. "pend:" .. jobId end
local function askedKey(jobId) return PREFIX .. "asked:" .. jobId end
local function ledgerKey(jobId) return PREFIX .. "ledger:" .. jobId end

-- The ledger of a job that is not there goes at `endsAt`, by the server's own clock. `gone` lists such ledgers.
local function keepLedgerUntil(jobId, endsAt)
  call("PEXPIREAT", ledgerKey(jobId), string.format("%d", endsAt))
  call("ZADD", PREFIX .. "gone", endsAt, jobId)
end

local function keepLedger(jobId)
  call("PERSIST", ledgerKey(jobId))
  call("ZREM", PREFIX .. "gone", jobId)
end

local function readJob(jobId)
  local v = call("HMGET", jobKey(jobId), "rev", "gen", "st", "w", "mi", "co", "gr", "mc", "kc", "ka", "pl", "nf")
  if not v[1] then return nil end
  return {
    id = jobId, revision = tonumber(v[1]), generation = tonumber(v[2]), state = v[3], watermark = tonumber(v[4]),
    maxInstances = tonumber(v[5]), coalesce = v[6] == "1", graceMs = v[7] ~= "" and tonumber(v[7]) or nil,
    maxCatchUp = tonumber(v[8]), keepCount = tonumber(v[9]), keepAgeMs = tonumber(v[10]), pipeline = v[11],
    nextFireAt = v[12] ~= "" and tonumber(v[12]) or nil,
  }
end

-- Lets go of rows whose decision is older than the job's retention. The fire time is only where to look: what an outage
-- left undecided for longer than that is recorded all the same, and stays for its time.
local function dropExpired(key, keepAgeMs)
  local before = NOW - keepAgeMs
  local range = call("ZRANGEBYSCORE", key, "-inf", "(" .. string.format("%d", before), "LIMIT", 0, MAX_EXPIRED)
  for _, member in ipairs(range) do
    local row = cjson.decode(member)
    if (row.finishedAt or row.decidedAt or row.fireAt) < before then call("ZREM", key, member) end
  end
end

-- Appends a ledger row and lets go of what exceeds the job's retention.
local function record(jobId, row, keepCount, keepAgeMs)
  local key = ledgerKey(jobId)
  call("ZADD", key, row.fireAt, cjson.encode(row))
  call("ZREMRANGEBYRANK", key, 0, -(keepCount + 1))
  dropExpired(key, keepAgeMs)
  if row.state ~= "succeeded" and row.state ~= "failed" and row.state ~= "cancelled" then
    call("HINCRBY", jobKey(jobId), "c:" .. row.state, row.count or 1)
  end
end

-- Records occurrences that will not run, as one row, and tells of them.
-- `group`: { fromAt, fireAt, dueAt, count, generation? }
local function decideAgainst(job, group, state, eventName, extra)
  local row = {
    id = wakeUpId(job.id, "", group.generation or job.generation, group.fireAt), state = state, kind = "scheduled",
    fireAt = group.fireAt, dueAt = group.dueAt or group.fireAt, decidedAt = NOW,
  }
  if group.count > 1 then
    row.fromAt = group.fromAt
    row.count = group.count
  end
  for k, v in pairs(extra or {}) do row[k] = v end
  record(job.id, row, job.keepCount, job.keepAgeMs)
  emit({ name = eventName, jobId = job.id, runId = (extra and extra.coalescedInto) or row.id, fireAt = group.fireAt,
    count = group.count, reason = extra and extra.reason })
end

-- Records neighbours that share a verdict: singly up to a bound, what is older as one span.
local function decideEach(job, list, span, state, eventName, extra)
  local from = math.max(1, #list - MAX_SINGLE_EVENTS + 1)
  local group = span and { fromAt = span.fromAt, fireAt = span.toAt, count = span.count } or nil
  for i = 1, from - 1 do
    local o = list[i]
    group = { fromAt = group and group.fromAt or o.fireAt, fireAt = o.fireAt, dueAt = o.dueAt,
      generation = o.generation, count = (group and group.count or 0) + 1 }
  end
  if group then decideAgainst(job, group, state, eventName, extra) end
  for i = from, #list do
    local o = list[i]
    decideAgainst(job, { fromAt = o.fireAt, fireAt = o.fireAt, dueAt = o.dueAt, count = 1, generation = o.generation },
      state, eventName, extra)
  end
end

local function releaseIfIdle(jobId)
  if call("EXISTS", instancesKey(jobId), pendingKey(jobId), askedKey(jobId)) == 0 then
    call("SREM", PREFIX .. "live", jobId)
  end
end

-- Ends a run: ledger, counters, instance, event. `held` is the stored instance.
local function finishRun(jobId, queueJobId, held, e)
  call("HDEL", instancesKey(jobId), queueJobId)
  local row = {
    id = held.id, state = e.verdict, kind = held.kind, fireAt = held.fireAt, dueAt = held.dueAt,
    startedAt = held.startedAt, finishedAt = e.finishedAt, attempt = held.attempt, worker = held.worker,
    result = e.result, error = e.error,
  }
  record(jobId, row, e.keepCount, e.keepAgeMs)
  local key = jobKey(jobId)
  if call("EXISTS", key) == 1 then
    call("HSET", key, "li", held.id, "lv", e.verdict, "lf", held.fireAt, "ls", held.startedAt, "le", e.finishedAt,
      "lr", e.result or "")
    call("HINCRBY", key, "c:" .. e.verdict, 1)
    if e.verdict == "succeeded" then
      call("HSET", key, "ok", e.finishedAt, "bad", 0)
    elseif e.verdict == "failed" then
      call("HINCRBY", key, "bad", 1)
    end
  else
    -- Of a removed job; the row that was just written may be the first of its ledger.
    keepLedgerUntil(jobId, serverTime() + e.keepAgeMs)
  end
  releaseIfIdle(jobId)
  local name = e.verdict == "succeeded" and "JOB_EXECUTED" or e.verdict == "failed" and "JOB_ERROR" or "JOB_CANCELLED"
  emit({ name = name, jobId = jobId, runId = held.id, fireAt = held.fireAt, attempt = held.attempt,
    worker = held.worker, result = e.result, error = e.error })
end

-- Sees to it that the oldest queued occurrence is taken, if there is one and an instance is free.
-- Each call for it has an id of its own: an earlier call that is just ending must not stand in its way.
local function callForQueued(jobId, job)
  if not job then return end
  local head = call("ZRANGE", pendingKey(jobId), 0, 0)
  if not head[1] or call("HLEN", instancesKey(jobId)) >= job.maxInstances then return end
  local id = wakeUpId(jobId, "c", nextSequence(), cjson.decode(head[1]).fireAt)
  call("HSET", jobKey(jobId), "ct", id)
  addQueueJob(id, job.pipeline, NOW)
end

-- Keeps the next occurrences of a schedule waiting in the queue.
local function addOccurrences(jobId, pipeline, generation, upcoming)
  for _, o in ipairs(upcoming) do
    addQueueJob(wakeUpId(jobId, "", generation, o.fireAt), pipeline, o.dueAt)
  end
end

-- The end of every script that changes something.
local function finish()
  flushEvents()
  wakeWorkers()
end

-- Moves the job's place in the list of next runs; without a next one it goes to the end.
local function placeNext(jobId, next)
  call("HSET", jobKey(jobId), "nf", next and next.fireAt or "", "nd", next and next.dueAt or "")
  call("ZADD", PREFIX .. "next", next and next.dueAt or "+inf", jobId)
end

-- Queued occurrences get a verdict without running.
local function dropQueued(job, reason)
  local queued = call("ZRANGE", pendingKey(job.id), 0, -1)
  for i, member in ipairs(queued) do queued[i] = cjson.decode(member) end
  decideEach(job, queued, nil, "skipped", "JOB_SKIPPED", { reason = reason })
  call("DEL", pendingKey(job.id))
end

-- Shared by every script of this folder, which the loader puts behind it.
-- ARGV[1] prefix       of our keys, with the hash tag, ends with a colon
-- ARGV[2] queuePrefix  of BullMQ's keys of the queue, same hash tag, ends with a colon
-- ARGV[3] now          epoch ms; empty = the server's clock
-- ARGV[4] maxEvents    entries that the event stream keeps, about
local PREFIX, QUEUE = ARGV[1], ARGV[2]
local call = redis.call
-- Parts of which a call needs few: see `lazy`.
local conditions, pending, queue, backfills

-- A file that is a part of its own; its functions are made when the first of them is asked for. A server makes the
-- functions of a script at each call of it, and most calls need none of these.
local function lazy(make)
  return setmetatable({}, { __index = function(part, name)
    for key, made in pairs(make()) do rawset(part, key, made) end
    return rawget(part, name)
  end })
end

local function serverTime()
  local t = call("TIME")
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function clock()
  if ARGV[3] ~= "" then return tonumber(ARGV[3]) end
  return serverTime()
end

local NOW = clock()
-- Redis writes numbers that Lua hands it with 17 digits of precision, which takes long.
local function numberText(n) return string.format("%d", n) end
local EVENTS = {}
-- Jobs that this call met whose schedule is over, and that have not finished.
local ENDING = {}

local function emit(event)
  event.at = NOW
  EVENTS[#EVENTS + 1] = cjson.encode(event)
end

-- All events of a call are one entry of the stream: one append however many runs share the call.
local function flushEvents()
  if #EVENTS == 0 then return end
  call("XADD", PREFIX .. "events", "MAXLEN", "~", ARGV[4], "*", "e", "[" .. table.concat(EVENTS, ",") .. "]")
end

-- Adds a queue job as BullMQ would, in the same step as the decision that asks for it, so that no crash can come
-- between the two. One that exists stays as it is. `test/bullmq-facts` compares what this writes with BullMQ's own.
local HAS_DELAYED, HAS_WAITING = false, false
local function writeQueueJob(id, pipeline, dueAt)
  local delay = math.max(0, dueAt - NOW)
  local added = call("HSET", QUEUE .. id, "name", pipeline, "data", "0", "opts", '{"attempts":0}',
    "timestamp", numberText(dueAt - delay), "delay", numberText(delay), "priority", "0")
  if added == 0 then return end
  if delay == 0 then
    call("LPUSH", QUEUE .. "wait", id)
    HAS_WAITING = true
    return
  end
  -- BullMQ keeps 4096 places for each millisecond, in the order of adding. Ours of one instant share the first.
  call("ZADD", QUEUE .. "delayed", numberText(dueAt * 4096), id)
  HAS_DELAYED = true
end

local function addQueueJob(id, pipeline, dueAt)
  if call("EXISTS", QUEUE .. id) == 0 then writeQueueJob(id, pipeline, dueAt) end
end

-- Takes a queue job out of the hands of a worker; further keys go with its lock. One whose lock is somebody else's, or has
-- ended, stays as it is.
local function releaseQueueJob(id, token, ...)
  local lockKey = QUEUE .. id .. ":lock"
  if call("GET", lockKey) ~= token then return false end
  call("DEL", lockKey, ...)
  call("LREM", QUEUE .. "active", 1, id)
  return true
end

-- Lets go of a queue job that a worker has done with, as BullMQ does with those of which it keeps none.
local function endQueueJob(id, token)
  return releaseQueueJob(id, token, QUEUE .. id)
end

-- So many entries of the line of those that wait are searched in one call.
local MAX_SEARCHED = 200000
local searched = 0

-- Takes back a queue job that no worker has, and returns whether it was there. One in a line too long to be searched stays:
-- it is taken in its turn, and finds nothing to do.
local function dropQueueJob(id)
  local key = QUEUE .. id
  if call("ZREM", QUEUE .. "delayed", id) == 0 and call("ZREM", QUEUE .. "prioritized", id) == 0 then
    if call("EXISTS", key) == 0 or call("EXISTS", key .. ":lock") == 1 then return false end
    searched = searched + call("LLEN", QUEUE .. "wait")
    if searched > MAX_SEARCHED or call("LREM", QUEUE .. "wait", 1, id) == 0 then return false end
  end
  call("DEL", key)
  return true
end

-- Tells waiting workers of the queue jobs that were added.
local function wakeWorkers()
  if HAS_DELAYED then
    local head = call("ZRANGE", QUEUE .. "delayed", 0, 0, "WITHSCORES")
    if head[2] then call("ZADD", QUEUE .. "marker", math.floor(tonumber(head[2]) / 4096), "1") end
  end
  if HAS_WAITING and call("HEXISTS", QUEUE .. "meta", "paused") == 0 then
    call("ZADD", QUEUE .. "marker", 0, "0")
  end
end

local function encodeJobId(jobId)
  return (jobId:gsub("%%", "%%25"):gsub(":", "%%3A"))
end

local function decodeJobId(text)
  return (text:gsub("%%3A", ":"):gsub("%%25", "%%"))
end

local function wakeUpId(jobId, mark, sequence, fireAt)
  return string.format("%s:%s%d:%d", encodeJobId(jobId), mark, sequence, fireAt)
end

local function nextSequence()
  return call("HINCRBY", PREFIX .. "meta", "seq", 1)
end

-- Numbers from here on are beyond this one.
local function raiseSequence(least)
  local key = PREFIX .. "meta"
  if tonumber(call("HGET", key, "seq") or "0") < least then call("HSET", key, "seq", least) end
end

local function jobKey(jobId) return PREFIX .. "job:" .. jobId end
-- The runs that count for `maxInstances`, by queue job; those of a backfill are apart.
local function instancesKey(jobId) return PREFIX .. "inst:" .. jobId end
local function backfillRunsKey(jobId) return PREFIX .. "bfrun:" .. jobId end
local function backfillQueueKey(jobId) return PREFIX .. "bfq:" .. jobId end
local function backfillAskedKey(jobId) return PREFIX .. "bfask:" .. jobId end
local function pendingKey(jobId) return PREFIX .. "pend:" .. jobId end
local function askedKey(jobId) return PREFIX .. "asked:" .. jobId end
local function ledgerKey(jobId) return PREFIX .. "ledger:" .. jobId end
local function dependentsKey(jobId) return PREFIX .. "deps:" .. jobId end
local function groupKey(key) return PREFIX .. "group:" .. key end

-- The ledger of a job that is not there goes at `endsAt`, by the server's own clock. `gone` lists such ledgers.
local function keepLedgerUntil(jobId, endsAt)
  call("PEXPIREAT", ledgerKey(jobId), string.format("%d", endsAt))
  call("ZADD", PREFIX .. "gone", endsAt, jobId)
end

-- Where the run of a queue job is held.
local function heldKey(jobId, queueJobId)
  if queueJobId:find(":b%d+:%d+$") then return backfillRunsKey(jobId) end
  return instancesKey(jobId)
end

local function writeHeld(jobId, queueJobId, held)
  held.fresh = nil
  call("HSET", heldKey(jobId, queueJobId), queueJobId, cjson.encode(held))
end

-- The run that `hold` names, if it is still held by that start of it.
local function readHeld(hold)
  local text = call("HGET", heldKey(hold.jobId, hold.queueJobId), hold.queueJobId)
  local held = text and cjson.decode(text)
  return held and held.id == hold.runId and held.start == hold.start and held or nil
end

-- The worker of a start lost its lock, and lives: that was no crash. Told late, the next start has counted it as one.
local function noteAlive(hold)
  local text = call("HGET", heldKey(hold.jobId, hold.queueJobId), hold.queueJobId)
  local held = text and cjson.decode(text)
  if not held or held.id ~= hold.runId then return end
  local start = numberText(hold.start)
  if held.start == hold.start then
    held.isAlive = true
  elseif held.crashed and held.crashed[start] then
    held.crashed[start] = nil
    held.crashes = held.crashes - 1
  else
    return
  end
  writeHeld(hold.jobId, hold.queueJobId, held)
end

-- Whether a run goes on only when its job does: the retry of a scheduled run, if its job is paused.
local function waitsForResume(held)
  return held.suspended == "retry" and held.kind == "scheduled"
end

-- The runs of a job that wait for it if it is paused: their queue jobs' ids, and what is held.
local function retriesOf(jobId)
  local flat, found = call("HGETALL", instancesKey(jobId)), {}
  for i = 1, #flat, 2 do
    local held = cjson.decode(flat[i + 1])
    if waitsForResume(held) then found[#found + 1] = { flat[i], held } end
  end
  return found
end

-- The job is paused from here on.
local function holdRetries(jobId)
  for _, retry in ipairs(retriesOf(jobId)) do dropQueueJob(retry[1]) end
end

-- The job goes on. Each gets a queue job of another id: the one that it had may be in the hands of a worker that is about
-- to end it.
local function releaseRetries(jobId)
  for _, retry in ipairs(retriesOf(jobId)) do
    local oldId, held = unpack(retry)
    local id = wakeUpId(jobId, "c", nextSequence(), held.fireAt)
    dropQueueJob(oldId)
    call("HDEL", instancesKey(jobId), oldId)
    writeHeld(jobId, id, held)
    if held.group then
      call("SREM", groupKey(held.group), oldId)
      call("SADD", groupKey(held.group), id)
    end
    addQueueJob(id, held.pipeline, math.max(NOW, held.resumeAt))
  end
end

local function optional(text)
  return text and text ~= "" and text or nil
end

-- The last run in one field: verdict ("none" = it never ran), fire time, ms from there to its start and from there to its
-- end, successes and failures in a row, and the end of the last success ("-" = that of this run, "0" = there was none).
local function lastText(last)
  return string.format("%s %d %d %d %d %d %s", last.verdict or "none", last.fireAt, last.startedAt - last.fireAt,
    last.finishedAt - last.startedAt, last.streak, last.failures,
    last.succeededAt == last.finishedAt and "-" or numberText(last.succeededAt or 0))
end

local function readLast(text)
  if not text then return { streak = 0, failures = 0 } end
  local verdict, fireAt, late, took, streak, failures, ok =
    text:match("^(%a+) (%d+) (%-?%d+) (%-?%d+) (%d+) (%d+) (%S+)$")
  local startedAt = fireAt + late
  local finishedAt = startedAt + took
  local succeededAt = ok == "-" and finishedAt or tonumber(ok)
  return { verdict = verdict ~= "none" and verdict or nil, fireAt = tonumber(fireAt), startedAt = startedAt,
    finishedAt = finishedAt, streak = tonumber(streak), failures = tonumber(failures),
    succeededAt = succeededAt > 0 and succeededAt or nil }
end

-- The last scheduled run in one field: verdict, fire time, its start and its end, and its id.
local function scheduledText(run)
  return string.format("%s %d %d %d %s", run.verdict, run.fireAt, run.startedAt, run.finishedAt, run.id)
end

-- A job's hash: rev, gen (revision and generation), st (state), w (watermark), mi, co, gr, mc (maxInstances, coalesce,
-- grace, maxCatchUp), kc, ka (retention), pl (pipeline), cn (condition: JSON of its program and how long to wait), ov
-- (overlap), gk, gl (group: key and limit), pf (pauseAfterFailures), er (whether it ever ran), dp (whether the condition
-- of others waits for it), nf, nd, af, ad (fire and due time of the next occurrence, and of the one after it if that is
-- known), pn (whether its rules are plain: see `plain.lua`), iv (ms between its occurrences, if that is all that there is to
-- its schedule), op (whether anything but runs waits), ct (the call for its queued runs), wt, wa (the call at an instant, and
-- that instant), pa, pr, fin (when it had finished), od, li, lp, lr (the last run: id; what `lastText` makes; result), ls (the
-- last scheduled run, only while the last run is none: what `scheduledText` makes), c:<verdict>. Values are kept
-- short: a hash with one above 64 bytes takes several times the memory.
local function readJob(jobId)
  local v = call("HMGET", jobKey(jobId), "rev", "gen", "st", "w", "mi", "co", "gr", "mc", "kc", "ka", "pl",
    "cn", "ov", "gk", "gl", "pf", "lp", "er", "dp", "fin")
  if not v[1] then return nil end
  if v[3] == "finished" and not v[20] then ENDING[#ENDING + 1] = jobId end
  local last = readLast(v[17])
  local condition, groupKey = optional(v[12]), optional(v[14])
  condition = condition and cjson.decode(condition)
  local overlap = optional(v[13]) or "skip"
  -- Whether queued runs stand for instances; whether a newcomer stands in line behind them.
  local isHeldUp = groupKey ~= nil or (condition ~= nil and condition.waitMs ~= nil)
  return {
    id = jobId, revision = tonumber(v[1]), generation = tonumber(v[2]), state = v[3], watermark = tonumber(v[4]),
    maxInstances = tonumber(v[5]), coalesce = v[6] == "1", graceMs = tonumber(optional(v[7])),
    maxCatchUp = tonumber(v[8]), keepCount = tonumber(v[9]), keepAgeMs = tonumber(v[10]), pipeline = v[11],
    condition = condition, overlap = overlap, groupKey = groupKey, groupLimit = groupKey and tonumber(v[15]),
    pauseAfter = tonumber(optional(v[16])), last = last, failuresInRow = last.failures, streak = last.streak,
    everRan = v[18] == "1", hasDependents = v[19] == "1", isHeldUp = isHeldUp, isQueueing = isHeldUp or overlap ~= "skip",
  }
end

local function isFull(job)
  return call("HLEN", instancesKey(job.id)) >= job.maxInstances
end

local function hasGroupRoom(job)
  return not job.groupKey or call("SCARD", groupKey(job.groupKey)) < job.groupLimit
end

local function isLate(job, dueAt)
  return job.graceMs ~= nil and NOW - dueAt > job.graceMs
end

-- Keeps the next occurrence of a schedule waiting in the queue. The one after it is known, and waits there from the step on
-- in which a worker takes this one: see `plain.lua`. Few jobs are due soon, and each queue job takes memory.
local function addNext(jobId, pipeline, generation, upcoming)
  local next = upcoming[1]
  if next then addQueueJob(wakeUpId(jobId, "", generation, next.fireAt), pipeline, next.dueAt) end
end

-- Takes back what waits of a schedule, up to a fire time if one is given: the next occurrence, and the one after it, which
-- waits while a worker has the first. What a worker has, or holds a run, stays.
local function dropNext(jobId, upTo, exceptId)
  local generation, next, after = unpack(call("HMGET", jobKey(jobId), "gen", "nf", "af"))
  for _, fireAt in ipairs({ next or "", after or "" }) do
    local at = tonumber(fireAt)
    if at and at <= (upTo or at) then
      local id = wakeUpId(jobId, "", tonumber(generation), at)
      if id ~= exceptId and call("HEXISTS", instancesKey(jobId), id) == 0 then dropQueueJob(id) end
    end
  end
end

-- Moves the job's place in the list of next runs to the first of `upcoming`; without one it goes to the end. With
-- `watermark`, what is decided is moved too. `upcoming` has two occurrences where there are two.
local function placeNext(jobId, upcoming, watermark)
  local key, next, after = jobKey(jobId), upcoming and upcoming[1], upcoming and upcoming[2]
  local afterFireAt = after and after.fireAt or next and "-" or ""
  call("HSET", key, "nf", next and next.fireAt or "", "nd", next and next.dueAt or "", "af", afterFireAt, "ad",
    after and after.dueAt or "")
  if watermark then call("HSET", key, "w", watermark) end
  call("ZADD", PREFIX .. "next", next and next.dueAt or "+inf", jobId)
end

-- Nothing more of a schedule will be due.
local function endSchedule(jobId)
  call("HSET", jobKey(jobId), "st", "finished")
  ENDING[#ENDING + 1] = jobId
end

-- A job whose schedule is over has finished with the last of its runs, those that wait and those that a person asked for
-- included. A backfill goes on beside that.
local function tellFinished()
  for _, jobId in ipairs(ENDING) do
    local v = call("HMGET", jobKey(jobId), "st", "fin")
    if v[1] == "finished" and not v[2]
      and call("EXISTS", instancesKey(jobId), pendingKey(jobId), askedKey(jobId)) == 0 then
      call("HSET", jobKey(jobId), "fin", numberText(NOW))
      emit({ name = "JOB_FINISHED", jobId = jobId })
    end
  end
end

-- The end of every script that changes something.
local function finish()
  tellFinished()
  flushEvents()
  wakeWorkers()
end

-- Notes that something of a job waits that is not one of its runs.
local function noteWaiting(jobId)
  call("SADD", PREFIX .. "live", jobId)
  call("HSET", jobKey(jobId), "op", 1)
end

-- Whether nothing of the job runs or waits any more; audits and those who look for waiting jobs pass it over then.
local function releaseIfIdle(jobId)
  local open = call("EXISTS", instancesKey(jobId), pendingKey(jobId), askedKey(jobId), backfillRunsKey(jobId),
    backfillQueueKey(jobId), backfillAskedKey(jobId))
  if open > 0 then
    call("SADD", PREFIX .. "live", jobId)
    return false
  end
  call("SREM", PREFIX .. "live", jobId)
  call("HDEL", jobKey(jobId), "op")
  return true
end

-- Sees to it that the oldest queued run is taken, if there is one and an instance is free.
local function callForQueued(job)
  if job and call("EXISTS", pendingKey(job.id)) == 1 and not isFull(job) then pending.call(job) end
end

-- A job's hash. Values are short: a hash with one above 64 bytes takes several times the memory.
--   rev, gen, st, w       revision, generation, state, watermark
--   mi, co, gr, mc        maxInstances, coalesce, grace, maxCatchUp
--   kc, ka                retention: count and age
--   pl                    pipeline
--   ow                    owner, if it has one
--   cn                    condition: JSON of its program, how long to wait, and the owners whose jobs it sees
--   ov                    overlap
--   gk, gl                group: key and limit
--   pf                    pauseAfterFailures
--   er                    "1" once it has run
--   dp                    "1" while another job's condition waits for it
--   nf, nd, af, ad        fire and due time of the next occurrence, and of the one after it if known
--   fp                    "1" if its rules allow the fast path: see `fast_path.lua`
--   iv                    ms between its occurrences, if they depend on nothing else
--   op                    "1" if something besides runs waits
--   sk                    fire time of the first occurrence that is to be skipped: see `skips.lua`
--   wu                    the wakeup for its queued runs
--   tw, ta                the wakeup at an instant, and that instant
--   pa, pr, pu, fin       paused at, why, until when; finished at
--   od                    fire time last reported as overdue
--   li, lp, lr            last run: id, `lastText`, result
--   ho                    when it got its owner, if it had another before, and its counts by then: JSON
--   ls                    last scheduled run (`scheduledText`), only while the last run is another one
--   da, sc                digests of the declaration and of its schedule
--   c:<verdict>           how many
--   rd                    the latest day of its roll-ups: see `roll_ups.lua`
local function readJob(jobId)
  local v = call("HMGET", jobKey(jobId), "rev", "gen", "st", "w", "mi", "co", "gr", "mc", "kc", "ka", "pl",
    "cn", "ov", "gk", "gl", "pf", "lp", "er", "dp", "fin", "ow", "rd", "sk")
  if not v[1] then return nil end
  if v[21] then OWNERS[jobId] = v[21] end
  OPEN_DAYS[jobId] = v[22] or ""
  if v[3] == "finished" and not v[20] then ENDING[#ENDING + 1] = jobId end
  local last = readLast(v[17])
  local condition, groupKey = optional(v[12]), optional(v[14])
  condition = condition and cjson.decode(condition)
  local overlap = optional(v[13]) or "skip"
  -- Whether queued runs count as instances; whether a new run lines up behind them.
  local isHeldUp = groupKey ~= nil or (condition ~= nil and condition.waitMs ~= nil)
  return {
    id = jobId, revision = tonumber(v[1]), generation = tonumber(v[2]), state = v[3], watermark = tonumber(v[4]),
    maxInstances = tonumber(v[5]), isCoalescing = v[6] == "1", graceMs = tonumber(optional(v[7])),
    maxCatchUp = tonumber(v[8]), keepCount = tonumber(v[9]), keepAgeMs = tonumber(v[10]), pipeline = v[11],
    owner = v[21] or nil,
    condition = condition, overlap = overlap, groupKey = groupKey, groupLimit = groupKey and tonumber(v[15]),
    pauseAfter = tonumber(optional(v[16])), last = last, failuresInARow = last.failuresInARow,
    successStreak = last.successStreak, everRan = v[18] == "1", hasDependents = v[19] == "1", isHeldUp = isHeldUp,
    isQueueing = isHeldUp or overlap ~= "skip", skipAt = tonumber(optional(v[23])),
  }
end

-- Notes that from now on a job is another owner's.
local function noteHandedOver(jobId)
  local counts, verdicts = {}, { "succeeded", "failed", "cancelled", "missed", "coalesced", "skipped" }
  for _, verdict in ipairs(verdicts) do counts[verdict] = tonumber(call("HGET", jobKey(jobId), "c:" .. verdict) or nil) end
  call("HSET", jobKey(jobId), "ho", cjson.encode({ at = NOW, counts = counts }))
end

local function isFull(job)
  return call("HLEN", runningKey(job.id)) >= job.maxInstances
end

local function hasGroupRoom(job)
  return not job.groupKey or call("SCARD", groupKey(job.groupKey)) < job.groupLimit
end

local function isLate(job, dueAt)
  return job.graceMs ~= nil and NOW - dueAt > job.graceMs
end

-- Notes that something of a job waits besides its runs.
local function noteWaiting(jobId)
  call("SADD", PREFIX .. "live", jobId)
  call("HSET", jobKey(jobId), "op", 1)
end

-- Removes a job from `live` if nothing of it runs or waits, so that audits skip it, and returns whether it did.
local function releaseIfIdle(jobId)
  local open = call("EXISTS", runningKey(jobId), queuedKey(jobId), requestsKey(jobId), backfillRunningKey(jobId),
    backfillTimesKey(jobId), backfillJobsKey(jobId))
  if open > 0 then
    call("SADD", PREFIX .. "live", jobId)
    return false
  end
  call("SREM", PREFIX .. "live", jobId)
  call("HDEL", jobKey(jobId), "op")
  return true
end

-- Wakes the job if a run is queued and an instance is free.
local function wakeForQueued(job)
  if job and call("EXISTS", queuedKey(job.id)) == 1 and not isFull(job) then wakeups.wakeInTurn(job) end
end

-- Notes when something of a job changes by itself. Nil: as before; 0: nothing does any more.
local function noteTimed(jobId, changesAt)
  if changesAt == 0 then
    call("ZREM", PREFIX .. "timed", jobId)
  elseif changesAt then
    call("ZADD", PREFIX .. "timed", numberText(changesAt), jobId)
  end
end

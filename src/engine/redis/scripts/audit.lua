--[[
audit: looks for states that should be impossible, in a bounded number of jobs.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] request   JSON: horizonMs, offset, limit, overdueMs, finishedRetentionMs (ms)
Returns a JSON array of AuditFinding. Deletes queue job hashes that no list holds, so that they can be added again, and
documents that have expired.
]]
local MAX_DUE = 1000
local MAX_LIVE = 5000
local MAX_SCAN = 20000
local MAX_EXPIRED = 5000
local MAX_TIMED = 500
local r = cjson.decode(ARGV[5])
local findings = {}
local function found(finding) findings[#findings + 1] = finding end

local members = {}
-- Reads a backlog once, rather than searching it for each id: a search takes as long as the list.
local function isListed(list, id)
  if not members[list] then
    local isLong = call("LLEN", QUEUE .. list) > MAX_SCAN
    members[list] = { isLong = isLong, ids = {} }
    for _, member in ipairs(isLong and {} or call("LRANGE", QUEUE .. list, 0, -1)) do members[list].ids[member] = true end
  end
  -- In a longer backlog it is assumed to be there: a later audit will see.
  return members[list].isLong or members[list].ids[id] == true
end

-- Whether BullMQ will hand this queue job to a worker, or already has.
local function isQueued(id)
  local key = QUEUE .. id
  if call("EXISTS", key) == 0 then return false end
  if call("ZSCORE", QUEUE .. "delayed", id) or call("EXISTS", key .. ":lock") == 1 then return true end
  if call("ZSCORE", QUEUE .. "prioritized", id) then return true end
  for _, list in ipairs({ "wait", "active", "paused" }) do
    if isListed(list, id) then return true end
  end
  call("DEL", key)
  return false
end

local function auditSchedule(jobId)
  local v = call("HMGET", jobKey(jobId), "st", "gen", "nf", "nd", "w", "od", "fin")
  if not v[1] then
    call("ZREM", PREFIX .. "next", jobId)
    return
  end
  if v[1] == "finished" and NOW - tonumber(v[7] or NOW) > r.finishedRetentionMs
    and call("HLEN", runningKey(jobId)) == 0 then
    found({ kind = "expired", jobId = jobId })
  end
  if v[1] ~= "active" or v[3] == "" then return end
  if not isQueued(queueJobIdOf(jobId, "", v[2], v[3])) then
    found({ kind = "unscheduled", jobId = jobId, watermark = tonumber(v[5]) })
  elseif NOW - tonumber(v[4]) > r.overdueMs and v[6] ~= v[3] then
    found({ kind = "overdue", jobId = jobId, fireAt = tonumber(v[3]), lateMs = NOW - tonumber(v[4]) })
  end
end

local function auditRunning(jobId, key)
  local held = call("HGETALL", key)
  local isPaused = #held > 0 and call("HGET", jobKey(jobId), "st") == "paused"
  for i = 1, #held, 2 do
    if not isQueued(held[i]) then
      local run = cjson.decode(held[i + 1])
      if not (isPaused and waitsForResume(run)) then
        found({ kind = "orphan-run", jobId = jobId, runId = run.id,
          queueJob = { id = held[i], pipeline = run.pipeline, dueAt = NOW } })
      end
    end
  end
  return #held > 0
end

-- The missing wakeup for queued runs, if any. It has the id of the one that was lost, so that two audits that find the same
-- know that nothing happened in between.
local function auditQueued(job, hasRuns)
  local head = call("ZRANGE", queuedKey(job.id), 0, 0)[1]
  if not head then return nil end
  local v = call("HMGET", jobKey(job.id), "wu", "tw")
  local known, timed = v[1], v[2]
  if known and isQueued(known) then return nil end
  -- It waits for its condition: whatever else happens, it must look at that instant.
  if timed then return not isQueued(timed) and timed or nil end
  -- A run that ends wakes the next: one of its own, or one of its group if the job is in line there.
  if hasRuns then return nil end
  if job.groupKey and groups.isInLine(job) then
    if call("SCARD", groupKey(job.groupKey)) > 0 then return nil end
    local turn = call("HGET", PREFIX .. "group-wakeups", job.groupKey)
    if turn and isQueued(turn) then return nil end
  end
  if known then return known end
  -- Stored as the job's wakeup, so that it can be dropped again.
  local id = queueJobIdOf(job.id, "c", 0, queuedRuns.readQueued(head).fireAt)
  call("HSET", jobKey(job.id), "wu", id)
  return id
end

local function auditRuns(jobId)
  local hasRuns = auditRunning(jobId, runningKey(jobId))
  auditRunning(jobId, backfillRunningKey(jobId))
  local job = readJob(jobId)
  backfills.auditBackfill(jobId, job, found, isQueued)
  if not job then
    call("DEL", queuedKey(jobId), requestsKey(jobId))
    releaseIfIdle(jobId)
    return
  end
  for _, runId in ipairs(call("HKEYS", requestsKey(jobId))) do
    if not isQueued(runId) then
      found({ kind = "stranded", jobId = jobId, queueJob = { id = runId, pipeline = job.pipeline, dueAt = NOW } })
    end
  end
  local id = auditQueued(job, hasRuns)
  if id then found({ kind = "stranded", jobId = jobId, queueJob = { id = id, pipeline = job.pipeline, dueAt = NOW } }) end
  releaseIfIdle(jobId)
end

local ids, seen = {}, {}
local function each(some)
  for _, id in ipairs(some) do
    if not seen[id] then
      seen[id] = true
      ids[#ids + 1] = id
      auditSchedule(id)
    end
  end
end
each(call("ZRANGEBYSCORE", PREFIX .. "next", "-inf", NOW + r.horizonMs, "LIMIT", 0, MAX_DUE))
each(call("ZRANGE", PREFIX .. "next", r.offset, r.offset + r.limit - 1))

-- A run whose worker died in the turn in which it started has not put its job into `live` yet. Mostly nothing runs, and one
-- command says so of many jobs.
local function noteLive(first, last)
  local keys = {}
  for i = first, last do keys[#keys + 1] = runningKey(ids[i]) end
  if call("EXISTS", unpack(keys)) == 0 then return end
  for i = first, last do
    if call("EXISTS", runningKey(ids[i])) == 1 then call("SADD", PREFIX .. "live", ids[i]) end
  end
end
for first = 1, #ids, 100 do noteLive(first, math.min(first + 99, #ids)) end
for _, jobId in ipairs(call("SRANDMEMBER", PREFIX .. "live", MAX_LIVE)) do auditRuns(jobId) end
local timed = call("ZRANGEBYSCORE", PREFIX .. "timed", "-inf", NOW + r.horizonMs, "WITHSCORES", "LIMIT", 0, MAX_TIMED)
for i = 1, #timed, 2 do found({ kind = "timed", jobId = timed[i], changesAt = tonumber(timed[i + 1]) }) end
call("ZREMRANGEBYSCORE", PREFIX .. "gone", "-inf", serverNow())
dropExpiredDocuments(MAX_EXPIRED)
-- cjson encodes an empty table as an object.
return #findings == 0 and "[]" or cjson.encode(findings)

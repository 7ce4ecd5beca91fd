--[[
audit: looks for states that should be impossible, in a bounded number of jobs.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] request   JSON: horizonMs, offset, limit, overdueMs, finishedRetentionMs (ms)
Returns a JSON array of AuditFinding. Queue job hashes that no list holds are deleted, so that they can be added again.
]]
local MAX_DUE = 1000
local MAX_LIVE = 5000
local MAX_SCAN = 20000
local r = cjson.decode(ARGV[5])
local findings = {}
local function found(finding) findings[#findings + 1] = finding end

-- Whether BullMQ will hand this queue job to a worker, or has done so.
local function isQueued(id)
  local key = QUEUE .. id
  if call("EXISTS", key) == 0 then return false end
  if call("ZSCORE", QUEUE .. "delayed", id) or call("EXISTS", key .. ":lock") == 1 then return true end
  if call("ZSCORE", QUEUE .. "prioritized", id) then return true end
  for _, list in ipairs({ "wait", "active", "paused" }) do
    -- In a backlog longer than this it is taken to be there: a later audit sees it.
    if call("LLEN", QUEUE .. list) > MAX_SCAN or call("LPOS", QUEUE .. list, id) then return true end
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
    and call("HLEN", instancesKey(jobId)) == 0 then
    found({ kind = "expired", jobId = jobId })
  end
  if v[1] ~= "active" or v[3] == "" then return end
  if not isQueued(wakeUpId(jobId, "", v[2], v[3])) then
    found({ kind = "unscheduled", jobId = jobId, watermark = tonumber(v[5]) })
  elseif NOW - tonumber(v[4]) > r.overdueMs and v[6] ~= v[3] then
    call("HSET", jobKey(jobId), "od", v[3])
    found({ kind = "overdue", jobId = jobId, fireAt = tonumber(v[3]), lateMs = NOW - tonumber(v[4]) })
  end
end

local function auditRuns(jobId)
  local held = call("HGETALL", instancesKey(jobId))
  for i = 1, #held, 2 do
    if not isQueued(held[i]) then
      local run = cjson.decode(held[i + 1])
      found({ kind = "orphan-run", jobId = jobId, runId = run.id,
        wakeUp = { id = held[i], pipeline = run.pipeline, dueAt = NOW } })
    end
  end
  local job = readJob(jobId)
  if not job then
    call("DEL", pendingKey(jobId), askedKey(jobId))
    releaseIfIdle(jobId)
    return
  end
  local asked = call("HKEYS", askedKey(jobId))
  for _, runId in ipairs(asked) do
    if not isQueued(runId) then
      found({ kind = "stranded", jobId = jobId, wakeUp = { id = runId, pipeline = job.pipeline, dueAt = NOW } })
    end
  end
  -- The last call for the queued ones may wait for its turn; if it is gone it is made again under its id, so that two
  -- looks that find the same know that nothing happened between them.
  local called = call("HGET", jobKey(jobId), "ct")
  local head = #held == 0 and not (called and isQueued(called)) and call("ZRANGE", pendingKey(jobId), 0, 0)[1]
  if head then
    local id = called or wakeUpId(jobId, "c", 0, cjson.decode(head).fireAt)
    found({ kind = "stranded", jobId = jobId, wakeUp = { id = id, pipeline = job.pipeline, dueAt = NOW } })
  end
  releaseIfIdle(jobId)
end

local seen = {}
local function each(ids)
  for _, id in ipairs(ids) do
    if not seen[id] then
      seen[id] = true
      auditSchedule(id)
    end
  end
end
each(call("ZRANGEBYSCORE", PREFIX .. "next", "-inf", NOW + r.horizonMs, "LIMIT", 0, MAX_DUE))
each(call("ZRANGE", PREFIX .. "next", r.offset, r.offset + r.limit - 1))
for _, jobId in ipairs(call("SRANDMEMBER", PREFIX .. "live", MAX_LIVE)) do auditRuns(jobId) end
call("ZREMRANGEBYSCORE", PREFIX .. "gone", "-inf", serverTime())
-- cjson writes an empty table as an object.
return #findings == 0 and "[]" or cjson.encode(findings)

--[[
clean_ledger: deletes rows of a job's ledger on request, with the logs and steps of their runs, a bounded number per call. Runs
without a verdict keep theirs.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] cleanup   JSON: jobId, before (epoch ms; fire times, at most up to now), scope? (owners whose jobs it may be)
Returns JSON: {"deleted":n,"isDone":true or false}
]]
local MAX_CLEANED = 500
local r = cjson.decode(ARGV[5])
local rows, isJob = ledgerKey(r.jobId), call("EXISTS", jobKey(r.jobId)) == 1
if not isJobInScope(r.scope, r.jobId) or (not isJob and call("EXISTS", rows) == 0) then return '{"deleted":0,"isDone":true}' end
-- A cleanup says nothing about what is yet to be decided.
local before = math.min(r.before, NOW + 1)
local below = string.format("(%d", before)
local logRuns, stepRuns = PREFIX .. "log-runs:" .. r.jobId, PREFIX .. "step-runs:" .. r.jobId

-- Whoever misses rows later finds here that they were not lost.
local function noteCleaned()
  local key = cleanedKey(r.jobId)
  if tonumber(call("GET", key) or "0") >= before then return end
  call("SET", key, numberText(before))
  if not isJob then call("PEXPIREAT", key, string.format("%d", call("ZSCORE", PREFIX .. "gone", r.jobId) or serverNow())) end
end

local function dropTexts(ids)
  if not ids[1] then return end
  local keys = {}
  for _, id in ipairs(ids) do
    keys[#keys + 1] = PREFIX .. "logs:" .. id
    keys[#keys + 1] = PREFIX .. "steps:" .. id
  end
  call("DEL", unpack(keys))
  call("ZREM", logRuns, unpack(ids))
  call("ZREM", stepRuns, unpack(ids))
  call("HDEL", PREFIX .. "log-bytes:" .. r.jobId, unpack(ids))
end

-- Logs and steps of runs whose rows went before.
local function dropLeft(runs)
  local unfinished, ids = {}, {}
  for _, key in ipairs({ runningKey(r.jobId), backfillRunningKey(r.jobId) }) do
    for _, text in ipairs(call("HVALS", key)) do unfinished[cjson.decode(text).id] = true end
  end
  for _, id in ipairs(call("ZRANGEBYSCORE", runs, "-inf", below, "LIMIT", 0, MAX_CLEANED)) do
    local fireAt = tonumber(id:match(":(%d+)$"))
    if fireAt and fireAt < before and not unfinished[id] then ids[#ids + 1] = id end
  end
  dropTexts(ids)
  return #ids < MAX_CLEANED
end

noteCleaned()
local gone, ids = call("ZRANGEBYSCORE", rows, "-inf", below, "LIMIT", 0, MAX_CLEANED), {}
for _, member in ipairs(gone) do
  local isRead, row = pcall(cjson.decode, member)
  if isRead and row.id then ids[#ids + 1] = row.id end
end
if gone[1] then call("ZREM", rows, unpack(gone)) end
dropTexts(ids)
local isDone = #gone < MAX_CLEANED
if isDone then
  local hasNoSteps, hasNoLogs = dropLeft(stepRuns), dropLeft(logRuns)
  isDone = hasNoSteps and hasNoLogs
end
return cjson.encode({ deleted = #gone, isDone = isDone })

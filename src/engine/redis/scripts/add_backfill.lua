--[[
add_backfill: adds fire times to a job's backfill, and creates it if there is none.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] plan   JSON: jobId, backfillId, fireTimes (epoch ms), concurrency, order ("oldest" or "latest"), isComplete (these
               are the last ones), by (who asks), scope? (owners whose jobs it may be)
Returns "added", "conflict" (another backfill is not over), or "missing" (there is no such job).
]]
-- Adding that made no progress for this long was given up.
local ADDING_MS = 60000
local p = cjson.decode(ARGV[5])

local function isDecided(runId, fireAt)
  for _, member in ipairs(call("ZRANGEBYSCORE", ledgerKey(p.jobId), fireAt, fireAt)) do
    if cjson.decode(member).id == runId then return true end
  end
  return false
end

local isRunning = {}
for _, text in ipairs(call("HVALS", backfillRunningKey(p.jobId))) do isRunning[cjson.decode(text).id] = true end

local function isKnown(fireAt)
  local text, runId = string.format("%d", fireAt), backfills.backfillRunId(p.jobId, fireAt)
  return call("ZSCORE", backfillTimesKey(p.jobId), text) or call("HEXISTS", backfillJobsKey(p.jobId), runId) == 1
    or isRunning[runId] or isDecided(runId, fireAt)
end

local function create()
  local key = backfillKey(p.jobId)
  call("DEL", key, backfillTimesKey(p.jobId), backfillJobsKey(p.jobId))
  call("HSET", key, "id", p.backfillId, "st", "adding", "at", NOW, "total", 0, "con", p.concurrency, "or", p.order)
end

local function add()
  if not isJobInScope(p.scope, p.jobId) or not readJob(p.jobId) then return "missing" end
  local b = backfills.readBackfill(p.jobId)
  local isSame = b and b.id == p.backfillId
  -- A repeated call, whose answer was lost with a connection.
  if isSame and b.state ~= "adding" then return "added" end
  if b and not isSame and not b.isOver and not (b.state == "adding" and NOW - b.touchedAt > ADDING_MS) then
    return "conflict"
  end
  if not isSame then create() end
  local added = 0
  for _, fireAt in ipairs(p.fireTimes) do
    if not isKnown(fireAt) then
      backfills.addFireTime(p.jobId, fireAt, p.order)
      added = added + 1
    end
  end
  call("HINCRBY", backfillKey(p.jobId), "total", added)
  call("HSET", backfillKey(p.jobId), "ta", NOW)
  noteWaiting(p.jobId)
  if p.isComplete then
    call("HSET", backfillKey(p.jobId), "st", "active")
    changes.keepChange({ by = p.by, what = "backfill-started", jobId = p.jobId,
      count = tonumber(call("HGET", backfillKey(p.jobId), "total")) })
    backfills.feedBackfill(p.jobId)
  end
  releaseIfIdle(p.jobId)
  return "added"
end

local outcome = add()
finish()
return outcome

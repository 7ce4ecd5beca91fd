--[[
request_run: records a manual run, and adds its queue job; or finds the run that was asked for by the same number before.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] request   JSON: jobId, sequence (made by the caller: a repeated request makes one run), params (JSON text)?,
                  ignoreCondition?, by (who asks), bulk? (the id of the call that asks for many), scope? (owners whose jobs it may be)
Returns JSON: {"runId":id,"isNew":true or false}; or nil if there is no such job.
]]
-- How long a job knows the numbers of its requests, and how many of them at most, about: the latest.
local ASKED_MS, MAX_ASKED = 86400000, 1000
local r = cjson.decode(ARGV[5])
local pipeline, owner = unpack(call("HMGET", jobKey(r.jobId), "pl", "ow"))
if not pipeline or not isInScope(r.scope, owner) then return nil end
if owner then OWNERS[r.jobId] = owner end

-- When the run was asked for, and whether that is now.
local function ask()
  local asked, number = askedKey(r.jobId), numberText(r.sequence)
  if call("ZADD", asked, "NX", numberText(NOW), number) == 0 then
    local before = tonumber(call("ZSCORE", asked, number))
    if NOW - before < ASKED_MS then return before, false end
    call("ZADD", asked, numberText(NOW), number)
  end
  -- Now and then: numbers are random.
  if r.sequence % 16 == 0 then call("ZREMRANGEBYRANK", asked, 0, -MAX_ASKED - 1) end
  call("PEXPIRE", asked, ASKED_MS)
  return NOW, true
end

local fireAt, isNew = ask()
local runId = queueJobIdOf(r.jobId, "m", r.sequence, fireAt)
if isNew then
  call("HSET", requestsKey(r.jobId), runId, cjson.encode({ fireAt = fireAt, params = r.params,
    ignoreCondition = r.ignoreCondition, by = r.by }))
  changes.keepChange({ by = r.by, what = "run", jobId = r.jobId, runId = runId, bulk = r.bulk })
  noteWaiting(r.jobId)
  addQueueJob(runId, pipeline, fireAt)
end
finish()
return cjson.encode({ runId = runId, isNew = isNew })

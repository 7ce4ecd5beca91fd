--[[
export_jobs: a page of jobs with what is kept beside them, but for their ledgers; and removed jobs that left something.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] stage    which jobs: "defs" all that are there, then "gone" removed ones with a ledger, then "live" others with runs
ARGV[6] cursor   of HSCAN, ZSCAN or SSCAN; "0" begins
ARGV[7] count    about how many jobs
Returns JSON:
  {"cursor":"n","sequence":n,"jobs":[{id,definition,hash,instances,queued,requests,backfill,backfillTimes,backfillAsked,
    keepUntil}]}
`cursor` is "0" at the end of the stage. `hash`, `instances`, `requests` and `backfill` are fields and values in turns, as
stored; `backfillTimes` are fire times that wait, `backfillAsked` run ids. A removed job has `instances` and `keepUntil`
only. An empty list may be written as an object.
]]
local stage = ARGV[5]
local jobs = {}

local function export(jobId, definition)
  local job = { id = jobId, instances = call("HGETALL", instancesKey(jobId)) }
  for _, text in ipairs(call("HGETALL", backfillRunsKey(jobId))) do job.instances[#job.instances + 1] = text end
  if definition then
    job.definition = definition
    job.hash = call("HGETALL", jobKey(jobId))
    job.queued = call("ZRANGE", pendingKey(jobId), 0, -1)
    job.requests = call("HGETALL", askedKey(jobId))
    job.backfill = call("HGETALL", PREFIX .. "bf:" .. jobId)
    job.backfillTimes = call("ZRANGE", backfillQueueKey(jobId), 0, -1)
    job.backfillAsked = call("HKEYS", backfillAskedKey(jobId))
  else
    -- False where there is none, which JSON then has as false.
    job.keepUntil = call("EXISTS", ledgerKey(jobId)) == 1 and call("ZSCORE", PREFIX .. "gone", jobId)
  end
  jobs[#jobs + 1] = job
end

local next, found
if stage == "defs" then
  next, found = unpack(call("HSCAN", PREFIX .. "defs", ARGV[6], "COUNT", ARGV[7]))
  for i = 1, #found, 2 do export(found[i], found[i + 1]) end
else
  local isGone = stage == "gone"
  next, found = unpack(call(isGone and "ZSCAN" or "SSCAN", PREFIX .. stage, ARGV[6], "COUNT", ARGV[7]))
  for i = 1, #found, isGone and 2 or 1 do
    if call("EXISTS", jobKey(found[i])) == 0 then export(found[i]) end
  end
end
return cjson.encode({ cursor = next, sequence = tonumber(call("HGET", PREFIX .. "meta", "seq") or 0), jobs = jobs })

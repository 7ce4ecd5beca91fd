--[[
export_jobs: a page of jobs with everything kept for them but their ledgers; and removed jobs that left something.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] stage    "defs": jobs; then "gone": removed jobs with a ledger; then "live": other removed jobs with runs
ARGV[6] cursor   of HSCAN, ZSCAN or SSCAN; "0" = from the start
ARGV[7] count    about how many jobs
Returns JSON:
  {"cursor":"n","sequence":n,"jobs":[{id,definition,hash,running,queued,requests,backfill,backfillTimes,backfillJobs,
    skips,keepUntil,cleanedTo}]}
`cursor` is "0" at the end of the stage. `hash`, `running`, `requests` and `backfill` are alternating fields and values, as
stored; `backfillTimes` are fire times without a queue job, `backfillJobs` the run ids of those with one. A removed job has
`running`, `keepUntil` and `cleanedTo` only. An empty list may be encoded as an object.
]]
local stage = ARGV[5]
local jobs = {}

local function export(jobId, definition)
  local job = { id = jobId, running = call("HGETALL", runningKey(jobId)) }
  for _, text in ipairs(call("HGETALL", backfillRunningKey(jobId))) do job.running[#job.running + 1] = text end
  -- False if there is none, in JSON too.
  job.cleanedTo = call("GET", cleanedKey(jobId))
  if definition then
    job.definition = definition
    job.hash = call("HGETALL", jobKey(jobId))
    job.queued = call("ZRANGE", queuedKey(jobId), 0, -1)
    job.requests = call("HGETALL", requestsKey(jobId))
    job.backfill = call("HGETALL", backfillKey(jobId))
    job.backfillTimes = call("ZRANGE", backfillTimesKey(jobId), 0, -1)
    job.skips = call("ZRANGE", PREFIX .. "skips:" .. jobId, 0, -1)
    job.backfillJobs = call("HKEYS", backfillJobsKey(jobId))
  else
    job.keepUntil = call("EXISTS", ledgerKey(jobId), PREFIX .. "revisions:" .. jobId) > 0
      and call("ZSCORE", PREFIX .. "gone", jobId)
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

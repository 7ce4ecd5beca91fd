--[[
change_job: changes a job's definition, schedule or state if nobody changed it since it was read.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] change   JSON: jobId, expectedRevision, definition (JSON text)?, declared?, schedule digest?, fields?, pipeline?,
                 timing {state, watermark, upcoming [{fireAt,dueAt}], expectedWatermark}?, pausedReason?, skipped [{fromAt,toAt,count,dueAt?,verdict,reason?}],
                 event; times in epoch ms
Returns JSON:
  {"o":"changed","generation":n}
  {"o":"conflict"}   the revision or the watermark is another by now
  {"o":"missing"}
]]
local c = cjson.decode(ARGV[5])
local job = readJob(c.jobId)
if not job then return cjson.encode({ o = "missing" }) end
local timing = c.timing
if job.revision ~= c.expectedRevision or (timing and timing.expectedWatermark ~= job.watermark) then
  return cjson.encode({ o = "conflict" })
end

local key = jobKey(c.jobId)
decideSpans(job, c.skipped)
call("HSET", key, "rev", nextSequence())
if c.definition then
  call("HSET", PREFIX .. "defs", c.jobId, c.definition)
  call("HSET", key, "da", c.declared, "sc", c.schedule, "pl", c.pipeline)
  -- Those that not every job has.
  call("HDEL", key, "gr", "cn", "ov", "gk", "gl", "pf", "pn", "iv")
  call("HSET", key, unpack(c.fields))
end
local generation = job.generation
if timing then
  dropNext(c.jobId)
  generation = nextSequence()
  call("HSET", key, "gen", generation, "st", timing.state, "w", timing.watermark)
  placeNext(c.jobId, timing.state == "active" and timing.upcoming or nil)
  if timing.state == "active" then
    addNext(c.jobId, c.pipeline or job.pipeline, generation, timing.upcoming)
    -- Failures in a row are counted anew.
    if job.state == "paused" and job.failuresInRow > 0 then
      job.last.failures = 0
      call("HSET", key, "lp", lastText(job.last))
    end
  end
  if timing.state == "paused" then
    if job.state ~= "paused" then call("HSET", key, "pa", NOW) end
    if c.pausedReason then call("HSET", key, "pr", c.pausedReason) end
    pending.drop(job, "paused", true)
    holdRetries(c.jobId)
    releaseIfIdle(c.jobId)
  else
    if job.state == "paused" then releaseRetries(c.jobId) end
    call("HDEL", key, "pa", "pr")
  end
  call("HDEL", key, "fin")
  if timing.state == "finished" then endSchedule(c.jobId) end
end
if c.definition then
  local changed = readJob(c.jobId)
  conditions.link(c.jobId, job.condition, changed.condition)
  if job.groupKey and (job.groupKey ~= changed.groupKey or job.groupLimit ~= changed.groupLimit) then
    pending.leaveLine(job)
    if pending.leaveLine(job, true) then backfills.feed(c.jobId) end
    pending.callGroup(job.groupKey)
  end
  -- What waits is judged by the new rules.
  callForQueued(changed)
end
emit(c.event)
finish()
return cjson.encode({ o = "changed", generation = generation })

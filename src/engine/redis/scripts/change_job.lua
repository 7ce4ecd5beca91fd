--[[
change_job: changes a job's definition, schedule or state, if nobody changed it since it was read.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] change   JSON: jobId, scope? (owners whose jobs it may be), expectedRevision, definition (JSON text)?, declared?, schedule (digest)?, fields?, pipeline?,
                 timing {state, watermark, upcoming [{fireAt,dueAt}], expectedWatermark}?, pausedReason?,
                 changesAt (when something of the job changes by itself; 0 = nothing does; absent = as before)?,
                 pausedUntil (0 = no end)?, runs [{fireAt,dueAt}]?,
                 skipped [{fromAt,toAt,count,dueAt?,verdict,reason?}],
                 skips {upTo, kept [{fireAt,dueAt}]}?, event (with by); times in epoch ms
                 note {what, plannedAt?, decidedTo?, differences [{field,from,to}]?, superseded (JSON text of the definition)?, bulk?}
Returns JSON:
  {"o":"changed","generation":n}
  {"o":"conflict"}   the revision or the watermark has changed
  {"o":"missing"}    there is no such job
]]
local c = cjson.decode(ARGV[5])
local job = isJobInScope(c.scope, c.jobId) and readJob(c.jobId)
if not job then return cjson.encode({ o = "missing" }) end
local timing = c.timing
if job.revision ~= c.expectedRevision or (timing and timing.expectedWatermark ~= job.watermark) then
  return cjson.encode({ o = "conflict" })
end

local key = jobKey(c.jobId)
if c.skips then skips.keepSkips(job, c.skips) end
decideSpans(job, c.skipped)
call("HSET", key, "rev", nextSequence())
if c.definition then
  lists.moveOwner(c.jobId, call("HGET", PREFIX .. "defs", c.jobId), c.definition)
  call("HSET", PREFIX .. "defs", c.jobId, c.definition)
  call("HSET", key, "da", c.declared, "sc", c.schedule, "pl", c.pipeline)
  -- Fields that not every job has.
  call("HDEL", key, "gr", "cn", "ov", "gk", "gl", "pf", "fp", "iv", "ow")
  call("HSET", key, unpack(c.fields))
  -- What this change decides is still the former owner's.
  OWNERS[c.jobId] = call("HGET", key, "ow") or nil
  if OWNERS[c.jobId] ~= job.owner then noteHandedOver(c.jobId) end
end
local generation = job.generation
if timing then
  dropNext(c.jobId)
  generation = nextSequence()
  call("HSET", key, "gen", generation, "st", timing.state, "w", timing.watermark)
  lists.moveState(c.jobId, job.state, timing.state)
  placeNext(c.jobId, timing.state == "active" and timing.upcoming or nil)
  if timing.state == "active" then
    addNext(c.jobId, c.pipeline or job.pipeline, generation, timing.upcoming)
  end
  -- After a pause, failures in a row start again from 0.
  if timing.state ~= "paused" and job.state == "paused" and job.failuresInARow > 0 then
    job.last.failuresInARow = 0
    call("HSET", key, "lp", lastText(job.last))
  end
  if timing.state == "paused" then
    if job.state ~= "paused" then call("HSET", key, "pa", NOW) end
    if c.pausedReason then call("HSET", key, "pr", c.pausedReason) end
    if c.pausedUntil == 0 then
      call("HDEL", key, "pu")
    elseif c.pausedUntil then
      call("HSET", key, "pu", numberText(c.pausedUntil))
    end
    queuedRuns.dropQueued(job, "paused", true)
    holdRetries(c.jobId)
    releaseIfIdle(c.jobId)
  else
    if job.state == "paused" then releaseRetries(c.jobId) end
    call("HDEL", key, "pa", "pr", "pu")
  end
  call("HDEL", key, "fin")
  if timing.state == "finished" then endSchedule(c.jobId) end
end
if c.definition then
  local changed = readJob(c.jobId)
  conditions.linkCondition(c.jobId, job.condition, changed.condition)
  if job.groupKey and job.groupKey == changed.groupKey then
    if job.groupLimit ~= changed.groupLimit then
      groups.keepPlaces(job, changed)
      groups.wakeGroup(job.groupKey)
    end
  elseif job.groupKey then
    groups.leaveLine(job)
    if groups.leaveLine(job, true) then backfills.feedBackfill(c.jobId) end
    groups.wakeGroup(job.groupKey)
  end
  -- To conditions that see one owner's jobs alone, it comes or goes.
  if job.hasDependents and job.owner ~= changed.owner then wakeups.wakeDependents(c.jobId) end
  -- The new rules may let queued runs start.
  wakeForQueued(changed)
end
noteTimed(c.jobId, c.changesAt)
if c.runs and c.runs[1] then
  local changed = readJob(c.jobId)
  local runs = {}
  for i, o in ipairs(c.runs) do runs[i] = queuedRuns.scheduledRun(changed, o) end
  queueing.lineUp(changed, runs)
  wakeForQueued(changed)
end
emit(c.event)
local note = c.note
changes.keepChange({ by = c.event.by, what = note.what, jobId = c.jobId, reason = c.pausedReason,
  differences = note.differences, bulk = note.bulk,
  formerOwner = OWNERS[c.jobId] ~= job.owner and (job.owner or "") or nil }, { revision = job.revision, state = job.state,
  ["until"] = note.plannedAt or NOW, watermark = timing and timing.watermark or job.watermark,
  decidedTo = note.decidedTo, definition = note.superseded })
finish()
return cjson.encode({ o = "changed", generation = generation })

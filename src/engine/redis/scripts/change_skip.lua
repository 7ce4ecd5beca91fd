--[[
change_skip: skips one occurrence, or takes that back. One that waits in the queue gets its verdict now; one to come gets it when it
is due.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] request   JSON: jobId, scope? (owners whose jobs it may be), expectedRevision, fireAt, dueAt (epoch ms), reason?, by, isUndone (true)?: takes it back
Returns "changed", "same" (nothing to take back), "running", "decided", "full" (the job has 1,000 skips), "conflict" (the revision
has changed), or "missing".
]]
local MAX_SKIPS = 1000
local r = cjson.decode(ARGV[5])
local job = isJobInScope(r.scope, r.jobId) and readJob(r.jobId)
if not job then return "missing" end
if job.revision ~= r.expectedRevision then return "conflict" end

local function isBegun()
  for _, text in ipairs(call("HVALS", runningKey(job.id))) do
    local held = cjson.decode(text)
    if held.kind == "scheduled" and held.fireAt == r.fireAt then return true end
  end
  return false
end

-- Takes the occurrence out of the queue; returns whether it was there.
local function skipWaiting()
  local isFound, at = false, numberText(r.fireAt)
  for _, member in ipairs(call("ZRANGEBYSCORE", queuedKey(job.id), at, at)) do
    local run = queuedRuns.readQueued(member)
    if run.kind == "scheduled" then
      isFound = true
      call("ZREM", queuedKey(job.id), member)
      decideOne(job, run, "skipped", "JOB_SKIPPED", skips.onRequest(r))
    end
  end
  if isFound then wakeups.stopWaking(job) end
  return isFound
end

-- Notes the skip or forgets it; returns another outcome if that changes nothing.
local function note()
  local wasThere = skips.forgetSkip(job.id, r.fireAt)
  if r.isUndone then return not wasThere and "same" or nil end
  if call("ZCARD", skips.skipsKey(job.id)) >= MAX_SKIPS then return "full" end
  skips.addSkip(job.id, { fireAt = r.fireAt, dueAt = r.dueAt, reason = r.reason, by = r.by, at = NOW })
  return nil
end

local function change()
  if isBegun() then return "running" end
  if not r.isUndone and skipWaiting() then return "changed" end
  if r.fireAt <= job.watermark then return "decided" end
  local other = note()
  if other then return other end
  skips.noteFirst(job.id)
  -- Workers count what is due without the skips that they know of, and know them by the revision.
  call("HSET", jobKey(job.id), "rev", nextSequence())
  emit({ name = "JOB_MODIFIED", jobId = job.id, fireAt = r.fireAt, reason = r.isUndone and "unskip" or "skip", note = r.reason,
    by = r.by })
  return "changed"
end

local outcome = change()
if outcome == "changed" then
  changes.keepChange({ by = r.by, what = r.isUndone and "unskipped" or "skipped", jobId = job.id, fireAt = r.fireAt,
    reason = r.reason })
end
releaseIfIdle(job.id)
finish()
return outcome

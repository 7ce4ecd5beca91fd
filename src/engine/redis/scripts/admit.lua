--[[
admit: decides, for queue jobs that workers took, which occurrences run now and what becomes of the others.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] requests   JSON array of AdmitRequest, times in epoch ms
Returns a JSON array with one answer for each request, in order:
  {"o":"run","run":{...},"revision":n}       execute it
  {"o":"none"}                               nothing to run, or the lock of the queue job is gone
  {"o":"early","waitMs":n}                   not due yet by this clock
  {"o":"behind","watermark":n,"revision":n}  ask again with the occurrences after the watermark, by this revision
Each answer also holds "now" and, if occurrences were decided that will not run, "told": the events that say so, the latest 20.
]]

-- How old a worker's list of due occurrences may be: covers round trips and clocks that differ a little.
local STALE_MS = 1000

-- Whether the request is so old, or made by such an old definition, that it does not list everything that is due.
local function isOutdated(job, r)
  local next = r.upcoming[1]
  return (next and next.dueAt + STALE_MS <= NOW) or (r.older and r.revision < job.revision)
end

-- The occurrences to come. One that was due only by the worker's clock comes first.
local function upcomingOf(early, later)
  if not early then return later end
  local upcoming = { early }
  for _, o in ipairs(later) do upcoming[#upcoming + 1] = o end
  return upcoming
end

-- The part of the request that has not been decided; or the answer, if it can't be decided now.
local function undecided(job, r)
  local due, early = {}, nil
  for _, o in ipairs(r.latest) do
    if o.fireAt > job.watermark then
      if o.dueAt <= NOW then
        due[#due + 1] = o
      else
        early = early or o
      end
    end
  end
  local older = r.older
  if older and older.toAt <= job.watermark then older = nil end
  if early and #due == 0 and not older then return nil, { o = "early", waitMs = early.dueAt - NOW } end
  if #due == 0 and not early then return nil, nil end
  local isPartlyDecided = older and older.fromAt <= job.watermark
  -- The list was too short for both: what is early took the place of something that is due.
  local isCrowded = older and early
  if r.base > job.watermark or isPartlyDecided or isCrowded or isOutdated(job, r) then
    return nil, { o = "behind", watermark = job.watermark, revision = job.revision }
  end
  return { due = due, older = older, upcoming = upcomingOf(early, r.upcoming) }, nil
end

-- Moves the schedule on, and decides what is due.
local function decideDue(job, r, open)
  local upTo = open.due[#open.due].fireAt
  dropNext(job.id, upTo, r.queueJobId)
  placeNext(job.id, open.upcoming, upTo)
  addNext(job.id, job.pipeline, job.generation, open.upcoming)
  local due = open.due
  if job.skipAt and job.skipAt <= upTo then
    local skipped = skips.decideSkips(job, upTo)
    due = {}
    for _, o in ipairs(open.due) do
      if not skipped[o.fireAt] then due[#due + 1] = o end
    end
  end
  local decide = job.isCoalescing and decideTogether or decideSingly
  local held
  -- Without a due one there is no older one either.
  if due[1] then held = decide(job, r, due, open.older) else held = queueing.takeQueued(job, r) end
  if not open.upcoming[1] then endSchedule(job.id) end
  return held
end

-- Acknowledges a wakeup: from here on it does not count as one any more. Returns the answer if it is for an instant that has
-- not come.
local function ackWake(r)
  local v = call("HMGET", jobKey(r.jobId), "wu", "tw", "ta")
  if v[2] == r.queueJobId then
    if NOW < tonumber(v[3]) then return { o = "early", waitMs = tonumber(v[3]) - NOW } end
    call("HDEL", jobKey(r.jobId), "tw", "ta")
  elseif v[1] == r.queueJobId then
    call("HDEL", jobKey(r.jobId), "wu")
  end
  return nil
end

-- The server got to this request too late: the queue job is no longer that worker's. A run that an earlier call of the same
-- request started did not crash.
local function refuseLate(r, held)
  if not held or held.take ~= r.take or held.isAlive then return end
  held.isAlive = true
  writeHeld(r.jobId, r.queueJobId, held)
end

local function admitOne(r)
  local heldText = call("HGET", heldKey(r.jobId, r.queueJobId), r.queueJobId)
  if r.lock and call("GET", QUEUE .. r.queueJobId .. ":lock") ~= r.lock then
    refuseLate(r, heldText and cjson.decode(heldText))
    return { o = "none" }
  end
  local job = readJob(r.jobId)
  if heldText then return takeOver(job, r, cjson.decode(heldText)) end
  if not job then return { o = "none" } end
  if r.kind == "backfill" then
    local begun = admitBackfill(job, r)
    return begun and answerRun(job, job.id, begun) or { o = "none" }
  end

  local held
  if r.kind == "manual" then
    held = admitManual(job, r)
  elseif r.kind == "wakeup" then
    local early = ackWake(r)
    if early then return early end
    held = queueing.takeQueued(job, r)
  elseif job.state == "paused" then
    return { o = "none" }
  else
    local open, answer
    if r.knowsSchedule and r.generation == job.generation and job.state == "active" then
      open, answer = undecided(job, r)
      if answer then return answer end
    end
    if open then
      held = decideDue(job, r, open)
    else
      held = queueing.takeQueued(job, r)
    end
  end
  if not job.hasLooked then wakeForQueued(job) end
  if held then return answerRun(job, job.id, held) end
  return { o = "none" }
end

local MAX_TOLD = 20

-- The latest of what was told since the last call; nil if nothing was.
local function takeTold()
  if #told == 0 then return nil end
  local latest = { unpack(told, math.max(1, #told - MAX_TOLD + 1)) }
  told = {}
  return latest
end

local answers = {}
for i, request in ipairs(cjson.decode(ARGV[5])) do
  answers[i] = admitOne(request)
  answers[i].now = NOW
  answers[i].told = takeTold()
end
finish()
return cjson.encode(answers)

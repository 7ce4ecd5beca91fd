-- Queueing: how runs get into a job's queue, and when they leave it.

-- Queued runs that one step looks at; the next step takes what is beyond. Most looks end with the first run.
local MAX_LOOKED_AT, READ_AT_ONCE = 1000, 20

local function queueRun(job, run)
  local mustWait = job.condition and not run.ignoreCondition and not conditions.judge(job).isTrue
  if mustWait then run.waitUntil = NOW + job.condition.waitMs end
  queuedRuns.addQueued(job, run)
end

-- With `cancel-running`: cancels the oldest run that nobody has cancelled yet.
local function cancelOldest(job)
  if job.overlap ~= "cancel-running" or not isFull(job) then return end
  local flat = call("HGETALL", runningKey(job.id))
  local oldest, oldestId
  for i = 1, #flat, 2 do
    local held = cjson.decode(flat[i + 1])
    local isOlder = not oldest or held.fireAt < oldest.fireAt or (held.fireAt == oldest.fireAt and held.id < oldest.id)
    if not held.cancelReason and isOlder then oldest, oldestId = held, flat[i] end
  end
  if not oldest then return end
  local by = { kind = "system", id = "overlap" }
  cancelHeld(job.id, job, oldestId, oldest, "a later occurrence took its place", by)
end

-- Queues the last of `runs` instead of those before it and of the queued occurrences.
local function replaceQueued(job, runs)
  local replaced = queuedRuns.popScheduled(job)
  for i = 1, #runs - 1 do replaced[#replaced + 1] = runs[i] end
  decideEach(job, replaced, nil, "skipped", "JOB_SKIPPED", { reason = "overlap-replaced" })
  queueRun(job, runs[#runs])
  cancelOldest(job)
end

-- Puts occurrences that are due into the queue, oldest first, as far as there is a place for them; it is asked for once. The
-- others are skipped. Returns whether some are in the queue, which is to be looked at.
local function lineUp(job, runs)
  local where, bound = placeOf(job, runs[1])
  if where == "condition" or where == "full" then
    decideEach(job, runs, nil, "skipped", refusalOf(job, where))
    return false
  end
  if where == "replace" then
    replaceQueued(job, runs)
    return true
  end
  for i = 1, math.min(#runs, bound or #runs) do queueRun(job, runs[i]) end
  if bound and bound < #runs then
    decideEach(job, { unpack(runs, bound + 1) }, nil, "skipped", refusalOf(job, "full"))
  end
  return true
end

-- The fate of a queued run: "start", "late", "condition" (it is false, and the run waits no longer), or "wait". With "wait"
-- the second value is until when.
local function fateOf(job, run)
  if run.kind == "scheduled" and isLate(job, run.dueAt) then return "late" end
  if not job.condition or run.ignoreCondition or conditions.judge(job).isTrue then return "start" end
  local waitMs = job.condition.waitMs
  if not waitMs or (run.waitUntil and NOW >= run.waitUntil) then return "condition" end
  return "wait", run.waitUntil or NOW + waitMs
end

-- After a look: keeps or gives up the job's place in its group's line, and wakes the next.
local function passTurn(job, held, isHeldByGroup)
  if not job.groupKey then return end
  if isHeldByGroup then
    groups.joinLine(job)
  elseif held and not isFull(job) and call("EXISTS", queuedKey(job.id)) == 1 then
    groups.joinLine(job, true)
  else
    groups.leaveLine(job)
  end
  groups.wakeGroup(job.groupKey)
end

-- Iterates over queued runs, oldest first, up to `most`, read in slices. The caller removes each slice's runs before the next.
local function eachQueued(key, most, slice)
  local members, i, unread = {}, 0, most
  return function()
    i = i + 1
    if i > #members and unread > 0 then
      members, i, unread = call("ZRANGE", key, 0, slice - 1), 1, unread - slice
    end
    local member = members[i]
    if member then return queuedRuns.readQueued(member), member end
  end
end

-- Looks at the queued runs, oldest first: decides those that can't wait any longer, and starts the first that may start.
local function takeQueued(job, r)
  local key = queuedKey(job.id)
  local hasRoom = not isFull(job)
  local held, isHeldByGroup, lookAt = nil, false, nil
  -- Without room only runs that wait for a condition can have something to decide.
  local mayWait = job.condition and job.condition.waitMs
  local most = (hasRoom or mayWait) and MAX_LOOKED_AT or 0
  local decided = 0
  -- Runs that wait stay where they are.
  for run, member in eachQueued(key, most, mayWait and most or READ_AT_ONCE) do
    local fate, waitUntil = fateOf(job, run)
    if fate == "late" or fate == "condition" then
      call("ZREM", key, member)
      decided = decided + 1
      if fate == "late" then
        decideOne(job, run, "missed", "JOB_MISSED")
      else
        decideOne(job, run, "skipped", "JOB_SKIPPED", conditionFalse(job))
      end
    elseif fate == "wait" then
      lookAt = math.min(lookAt or waitUntil, waitUntil, conditions.judge(job).expiresAt or waitUntil)
      if not run.waitUntil then
        call("ZREM", key, member)
        run.waitUntil = waitUntil
        queuedRuns.addQueued(job, run)
      end
    elseif hasRoom and not hasGroupRoom(job) then
      isHeldByGroup, hasRoom = true, false
    elseif hasRoom then
      call("ZREM", key, member)
      held = startRun(job, r, run)
      break
    end
    if not hasRoom and not mayWait then break end
  end
  -- After a start the others have not been looked at; they will be as soon as there is room.
  if job.condition and (not held or call("EXISTS", key) == 0) then wakeups.wakeAt(job, lookAt) end
  if (held or decided > 0) and call("EXISTS", key) == 0 then wakeups.dropWakeups(job) end
  passTurn(job, held, isHeldByGroup)
  job.hasLooked = not held and decided < MAX_LOOKED_AT
  return held
end

return {
  queueRun = queueRun, replaceQueued = replaceQueued, lineUp = lineUp, takeQueued = takeQueued,
}

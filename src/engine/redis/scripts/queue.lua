-- The taking of queued runs, and what makes way for them. It has the functions of `pending.lua` and `runs.lua`.

-- So many queued runs are looked at in one step; what is beyond has another. Most looks end with the first one.
local MAX_LOOKED_AT, READ_AT_ONCE = 1000, 20

-- Queued occurrences make way for a later one.
local function replaceQueued(job)
  local replaced = {}
  for _, member in ipairs(call("ZRANGE", pendingKey(job.id), 0, -1)) do
    local run = pending.read(member)
    if run.kind == "scheduled" then
      replaced[#replaced + 1] = run
      call("ZREM", pendingKey(job.id), member)
    end
  end
  return replaced
end

-- With `cancel-running`: the oldest run that nobody asked to end is to end.
local function cancelOldest(job)
  if job.overlap ~= "cancel-running" or not isFull(job) then return end
  local flat = call("HGETALL", instancesKey(job.id))
  local oldest, oldestId
  for i = 1, #flat, 2 do
    local held = cjson.decode(flat[i + 1])
    local isOlder = not oldest or held.fireAt < oldest.fireAt or (held.fireAt == oldest.fireAt and held.id < oldest.id)
    if not held.cancel and isOlder then oldest, oldestId = held, flat[i] end
  end
  if oldest then cancelHeld(job.id, job, oldestId, oldest, "a later occurrence took its place") end
end

local function queueRun(job, run)
  local mustWait = job.condition and not run.ignoreCondition and not conditions.judge(job).value
  if mustWait then run.waitUntil = NOW + job.condition.waitMs end
  pending.add(job, run)
end

-- The last of `runs` is queued in the place of those before it, and of those that were queued.
local function queueInPlace(job, runs)
  local replaced = replaceQueued(job)
  for i = 1, #runs - 1 do replaced[#replaced + 1] = runs[i] end
  decideEach(job, replaced, nil, "skipped", "JOB_SKIPPED", { reason = "overlap-replaced" })
  queueRun(job, runs[#runs])
  cancelOldest(job)
end

-- What becomes of a queued run when it is looked at: "go", "late", "condition" (false, and it waits no more), or the
-- instant up to which it waits.
local function judgeQueued(job, run)
  if run.kind == "scheduled" and isLate(job, run.dueAt) then return "late" end
  if not job.condition or run.ignoreCondition or conditions.judge(job).value then return "go" end
  local waitMs = job.condition.waitMs
  if not waitMs or (run.waitUntil and NOW >= run.waitUntil) then return "condition" end
  return run.waitUntil or NOW + waitMs
end

-- After a look: whether the job stands in the line of its group, and whose turn it is.
local function passTurn(job, held, isHeldByGroup)
  if not job.groupKey then return end
  if isHeldByGroup then
    pending.joinLine(job)
  elseif held and not isFull(job) and call("EXISTS", pendingKey(job.id)) == 1 then
    pending.joinLine(job, true)
  else
    pending.leaveLine(job)
  end
  pending.callGroup(job.groupKey)
end

-- Queued runs, oldest first: up to `most`, read in slices. Whoever goes on to the next slice has removed those before it.
local function eachQueued(key, most, slice)
  local members, i, unread = {}, 0, most
  return function()
    i = i + 1
    if i > #members and unread > 0 then
      members, i, unread = call("ZRANGE", key, 0, slice - 1), 1, unread - slice
    end
    local member = members[i]
    if member then return pending.read(member), member end
  end
end

-- Looks at the queued runs, oldest first: decides what can't wait any more, and starts the first that may start.
local function takeQueued(job, r)
  local key = pendingKey(job.id)
  local hasRoom = not isFull(job)
  local held, isHeldByGroup, lookAt = nil, false, nil
  -- Without room there is something to decide only for those that wait for a condition.
  local mayWait = job.condition and job.condition.waitMs
  local most = (hasRoom or mayWait) and MAX_LOOKED_AT or 0
  local decided = 0
  -- Those that wait stay where they are.
  for run, member in eachQueued(key, most, mayWait and most or READ_AT_ONCE) do
    local fate = judgeQueued(job, run)
    if fate == "late" or fate == "condition" then
      call("ZREM", key, member)
      decided = decided + 1
      if fate == "late" then
        decideOne(job, run, "missed", "JOB_MISSED")
      else
        decideOne(job, run, "skipped", "JOB_SKIPPED", conditionFalse(job))
      end
    elseif fate ~= "go" then
      lookAt = math.min(lookAt or fate, fate, conditions.judge(job).changesAt or fate)
      if not run.waitUntil then
        call("ZREM", key, member)
        run.waitUntil = fate
        pending.add(job, run)
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
  -- After a start the others have not been looked at; they are, as soon as there is room.
  if job.condition and (not held or call("EXISTS", key) == 0) then pending.callAt(job, lookAt) end
  if (held or decided > 0) and call("EXISTS", key) == 0 then pending.dropCall(job) end
  passTurn(job, held, isHeldByGroup)
  job.hasLooked = not held and decided < MAX_LOOKED_AT
  return held
end

return { add = queueRun, replace = queueInPlace, take = takeQueued }

--[[
settle_fast: ends runs of the fast path that succeeded, and tells the job the occurrence after its next one; see
`fast_path.lua`.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] steps     how many; 16 arguments follow for each, with times in epoch ms:
                  1-3   job id, queue job id, fire time of its run
                  4, 5  fire time ("" = none) and due time of the occurrence after the job's next one
                  6     whether the job is in `live` (1 or 0)
                  7     id of the run that ended; "" = it continues, its job enters `live`, and the rest is empty
                  8     token of the queue job's lock, which also marks the stored run
                  9, 10 ms from the fire time to its start, and from there to its end
                  11-13 result, row and event as JSON text; of the event, everything after its instant and a comma
                  14    how many rows to keep, a blank, and for how many ms
                  15    its mark in the roll-ups
                  16    ms from the due time to its start
Returns a list with one number for each: 2 = the run and its queue job ended; 1 = the run ended, the queue job belongs to
another worker; 0 = the run goes on, or has left the fast path: call `settle`.
]]
local ARGUMENTS = 16

-- Whether a run is held under this token, and whose it is: that of its job when it began.
local function isHeld(runs, id, token)
  local held, mark = call("HGET", runs, id), '{"fresh":"' .. token .. '",'
  if not held or held:sub(1, #mark) ~= mark then return false end
  return true, held:match('^"owner":"([^"]*)"', #mark + 1)
end

-- How texts of events begin, without and with an owner.
local EVENT_AT = '{"at":' .. NOW_TEXT
local function eventStart(owner) return owner and "{" .. ownerField(owner) .. '"at":' .. NOW_TEXT or EVENT_AT end

-- The retention of the run before: most jobs have the same.
local lastKeep, keepCount, keepAgeMs

local function step(jobId, id, fireAt, afterFireAt, afterDueAt, isLive, runId, token, late, took, result, row, event,
  keep, mark, dueLate)
  local runs, key = runningKey(jobId), jobKey(jobId)
  local generation, state, watermark, after, allowsFastPath, isWaiting, hasDependents, last, succeeded, owner, openDay =
    unpack(call("HMGET", key, "gen", "st", "w", "af", "fp", "op", "dp", "lp", "c:succeeded", "ow", "rd"))
  -- Only if nothing was decided in between. A queue job's id has two colons; behind the second is a fire time.
  local isFollowed = afterFireAt ~= "" and after == "" and watermark == fireAt and state == "active"
    and id:find(":" .. generation .. ":", 1, true) ~= nil
  local isOver, ownerThen = runId ~= "" and allowsFastPath == "1" and not isWaiting and not hasDependents, nil
  if isOver then isOver, ownerThen = isHeld(runs, id, token) end
  if not isOver then
    if isFollowed then call("HSET", key, "af", afterFireAt, "ad", afterDueAt) end
    -- This may come late: another process may have ended the run, and it may have been the last of its job.
    if runId == "" and call("HEXISTS", runs, id) == 1 then call("SADD", PREFIX .. "live", jobId) end
    return 0
  end
  call("HDEL", runs, id)
  local streak = last and last:match("^%a+ %d+ %S+ %d+ (%d+)")
  if not last or last:sub(1, 10) ~= "succeeded " then
    lists.moveVerdict(jobId, last and last:match("^%a+"), "succeeded")
  end
  local finishedAt = fireAt + late + took
  local lastNow = "succeeded " .. fireAt .. " " .. late .. " " .. took .. " " .. addTo(streak, 1) .. " 0 -"
  local day = countFast(jobId, openDay, finishedAt, mark, 1, dueLate, took)
  if isFollowed then
    call("HSET", key, "af", afterFireAt, "ad", afterDueAt, "li", runId, "lp", lastNow, "lr", result, "c:succeeded",
      addTo(succeeded, 1), "rd", day)
  else
    call("HSET", key, "li", runId, "lp", lastNow, "lr", result, "c:succeeded", addTo(succeeded, 1), "rd", day)
  end
  if owner then OWNERS[jobId] = owner end
  owner = ownerThen or owner
  if owner then row = "{" .. ownerField(owner) .. row:sub(2) end
  noteDecided(runId, "succeeded", finishedAt)
  if keep ~= lastKeep then
    local count, ageMs = keep:match("^(%d+) (%d+)$")
    lastKeep, keepCount, keepAgeMs = keep, tonumber(count), tonumber(ageMs)
  end
  recordText(jobId, fireAt, row, keepCount, keepAgeMs)
  -- Two parts of one event.
  local n = #EVENTS
  EVENTS[n + 1], EVENTS[n + 2] = eventStart(owner), event
  if state == "finished" then ENDING[#ENDING + 1] = jobId end
  if (isLive == "1" or state == "finished") and call("EXISTS", runs, backfillRunningKey(jobId)) == 0 then
    call("SREM", PREFIX .. "live", jobId)
  end
  return endQueueJob(id, token) and 2 or 1
end

local answers = {}
for i = 1, tonumber(ARGV[5]) do
  local from = 6 + (i - 1) * ARGUMENTS
  answers[i] = step(unpack(ARGV, from, from + ARGUMENTS - 1))
end
finish()
return answers

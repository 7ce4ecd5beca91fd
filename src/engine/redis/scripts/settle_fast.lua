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
                  11-13 result, row and event as JSON text; of the event, everything after its instant
                  14    how many rows to keep, a blank, and for how many ms
                  15    its mark in the roll-ups
                  16    ms from the due time to its start
Returns a list with one number for each: 2 = the run and its queue job ended; 1 = the run ended, the queue job belongs to
another worker; 0 = the run goes on, or has left the fast path: call `settle`.
]]
local ARGUMENTS = 16

-- Whether a run is held under this token, and whose it is: that of its job when it began.
local function isHeld(runs, id, token)
  local held, mark = call("HGET", runs, id), markOf(token)
  if not held or held:sub(1, #mark) ~= mark then return false end
  return true, held:match('^"owner":"([^"]*)"', #mark + 1)
end

-- The retention of the run before: most jobs have the same.
local lastKeep, keepCount, keepAgeMs

local function step(jobId, id, fireAt, afterFireAt, afterDueAt, isLive, runId, token, late, took, result, row, event,
  keep, mark, dueLate)
  local runs, key = runningKey(jobId), jobKey(jobId)
  local v = call("HMGET", key, "gen", "st", "w", "af", "fp", "op", "dp", "lp", "c:succeeded", "ow", "rd")
  local fields = {}
  local function set(name, value)
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  -- Only if nothing was decided in between.
  if afterFireAt ~= "" and v[4] == "" and v[3] == fireAt and v[2] == "active" and v[1] == id:match("(%d+):%d+$") then
    set("af", afterFireAt)
    set("ad", afterDueAt)
  end
  local isOver, owner = runId ~= "" and v[5] == "1" and not v[6] and not v[7], v[10]
  if isOver then
    local ownerThen
    isOver, ownerThen = isHeld(runs, id, token)
    owner = ownerThen or owner
  end
  if isOver then
    call("HDEL", runs, id)
    local streak = v[8] and v[8]:match("^%a+ %d+ %S+ %d+ (%d+)")
    if not v[8] or v[8]:sub(1, 10) ~= "succeeded " then
      lists.moveVerdict(jobId, v[8] and v[8]:match("^%a+"), "succeeded")
    end
    set("li", runId)
    set("lp", "succeeded " .. fireAt .. " " .. late .. " " .. took .. " " .. addTo(streak, 1) .. " 0 -")
    set("lr", result)
    set("c:succeeded", addTo(v[9], 1))
    set("rd", countFast(jobId, v[11], fireAt + late + took, mark, 1, tonumber(dueLate), tonumber(took)))
  end
  if fields[1] then call("HSET", key, unpack(fields)) end
  -- This may come late: another process may have ended the run, and it may have been the last of its job.
  if runId == "" and call("HEXISTS", runs, id) == 1 then call("SADD", PREFIX .. "live", jobId) end
  if not isOver then return 0 end
  if v[10] then OWNERS[jobId] = v[10] end
  if owner then
    row = "{" .. ownerField(owner) .. row:sub(2)
  end
  noteDecided(runId, "succeeded", fireAt + late + took)
  if keep ~= lastKeep then
    local count, ageMs = keep:match("^(%d+) (%d+)$")
    lastKeep, keepCount, keepAgeMs = keep, tonumber(count), tonumber(ageMs)
  end
  recordText(jobId, fireAt, row, keepCount, keepAgeMs)
  EVENTS[#EVENTS + 1] = "{" .. ownerField(owner) .. '"at":' .. NOW_TEXT .. event
  if v[2] == "finished" then ENDING[#ENDING + 1] = jobId end
  if (isLive == "1" or v[2] == "finished") and call("EXISTS", runs, backfillRunningKey(jobId)) == 0 then
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

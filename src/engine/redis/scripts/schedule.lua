-- Jobs of this call whose schedule is over and that have not finished yet.
local ENDING = {}

-- The latest days of the jobs that were read, and the function that writes what was counted: see `roll_ups.lua`. Scripts that
-- decide nothing have no such function.
local OPEN_DAYS, writeRollUps = {}, nil

-- Adds the queue job of the next occurrence. The one after it is known, and gets its queue job once a worker takes this one:
-- see `fast_path.lua`. Few jobs are due soon, and every queue job takes memory.
local function addNext(jobId, pipeline, generation, upcoming)
  local next = upcoming[1]
  if next then addQueueJob(queueJobIdOf(jobId, "", generation, next.fireAt), pipeline, next.dueAt) end
end

-- Deletes the queue jobs of a schedule's next two occurrences, up to a fire time if one is given. Those that a worker has, or
-- that hold a run, stay.
local function dropNext(jobId, upTo, exceptId)
  local generation, next, after = unpack(call("HMGET", jobKey(jobId), "gen", "nf", "af"))
  for _, fireAt in ipairs({ next or "", after or "" }) do
    local at = tonumber(fireAt)
    if at and at <= (upTo or at) then
      local id = queueJobIdOf(jobId, "", tonumber(generation), at)
      if id ~= exceptId and call("HEXISTS", runningKey(jobId), id) == 0 then dropQueueJob(id) end
    end
  end
end

-- Moves the job to its place in `next`, the list of due times: that of the first of `upcoming`, or the end if there is none.
-- `upcoming` has two occurrences where there are two. Moves the watermark too if one is given.
local function placeNext(jobId, upcoming, watermark)
  local key, next, after = jobKey(jobId), upcoming and upcoming[1], upcoming and upcoming[2]
  local afterFireAt = after and after.fireAt or next and "-" or ""
  call("HSET", key, "nf", next and next.fireAt or "", "nd", next and next.dueAt or "", "af", afterFireAt, "ad",
    after and after.dueAt or "")
  if watermark then call("HSET", key, "w", watermark) end
  call("ZADD", PREFIX .. "next", next and next.dueAt or "+inf", jobId)
end

-- Nothing more of this schedule will be due.
local function endSchedule(jobId)
  call("HSET", jobKey(jobId), "st", "finished")
  lists.moveState(jobId, "active", "finished")
  ENDING[#ENDING + 1] = jobId
end

-- A job whose schedule is over finishes with the last of its runs, queued and requested ones included. A backfill goes on
-- regardless.
local function tellFinished()
  for _, jobId in ipairs(ENDING) do
    local v = call("HMGET", jobKey(jobId), "st", "fin")
    if v[1] == "finished" and not v[2]
      and call("EXISTS", runningKey(jobId), queuedKey(jobId), requestsKey(jobId)) == 0 then
      call("HSET", jobKey(jobId), "fin", numberText(NOW))
      emit({ name = "JOB_FINISHED", jobId = jobId })
    end
  end
end

-- Ends every script that changes something.
local function finish()
  tellFinished()
  if writeRollUps then writeRollUps() end
  appendEntry()
  appendDecided()
  signalWorkers()
end

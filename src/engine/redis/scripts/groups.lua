-- Groups: runs that share a limit, and the line of jobs that wait for room, ordered by sequence number.

-- At most this many jobs in line are considered when there is room.
local MAX_IN_LINE = 100

local function groupLineKey(key) return PREFIX .. "group-line:" .. key end

local function lineMember(job, isBackfill)
  return string.format("%d\n%s\n", job.groupLimit, isBackfill and "b" or "") .. job.id
end

local function isInLine(job, isBackfill)
  return call("ZSCORE", groupLineKey(job.groupKey), lineMember(job, isBackfill)) ~= false
end

-- A job in line keeps its place, unless it had its turn (`isAgain`) and goes to the end.
local function joinLine(job, isAgain, isBackfill)
  if isAgain or not isInLine(job, isBackfill) then
    call("ZADD", groupLineKey(job.groupKey), nextSequence(), lineMember(job, isBackfill))
  end
end

local function dropTurnOfNobody(key)
  if call("EXISTS", groupLineKey(key)) == 0 then call("HDEL", PREFIX .. "group-wakeups", key) end
end

-- Returns whether the job was in line.
local function leaveLine(job, isBackfill)
  local wasInLine = call("ZREM", groupLineKey(job.groupKey), lineMember(job, isBackfill)) == 1
  if wasInLine then dropTurnOfNobody(job.groupKey) end
  return wasInLine
end

-- A job in line keeps its places when its limit changes, which is a part of them.
local function keepPlaces(before, now)
  for _, isBackfill in ipairs({ false, true }) do
    local old = lineMember(before, isBackfill)
    local place = call("ZSCORE", groupLineKey(before.groupKey), old)
    if place then
      call("ZREM", groupLineKey(before.groupKey), old)
      call("ZADD", groupLineKey(before.groupKey), place, lineMember(now, isBackfill))
    end
  end
end

-- Wakes the job that has waited longest of those for which there is room. A job that is woken and does not start wakes the
-- next.
local function wakeGroup(key)
  local size
  for _, member in ipairs(call("ZRANGE", groupLineKey(key), 0, MAX_IN_LINE - 1)) do
    local limit, mark, jobId = member:match("^(%d+)\n(b?)\n(.*)$")
    size = size or call("SCARD", groupKey(key))
    if size < tonumber(limit) then
      if mark == "b" then
        call("ZREM", groupLineKey(key), member)
        if backfills.feedBackfill(jobId) then return end
      else
        local v = call("HMGET", jobKey(jobId), "gk", "pl")
        if v[1] == key and call("EXISTS", queuedKey(jobId)) == 1 then
          call("HSET", PREFIX .. "group-wakeups", key, wakeups.wakeJob(jobId, v[2]))
          return
        end
        call("ZREM", groupLineKey(key), member)
      end
    end
  end
  dropTurnOfNobody(key)
end

return { isInLine = isInLine, joinLine = joinLine, leaveLine = leaveLine, keepPlaces = keepPlaces, wakeGroup = wakeGroup }

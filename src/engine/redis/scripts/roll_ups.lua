-- Roll-ups: what the rows of the ledger come to, by day of each job and by hour of the queue; `src/jobs/marks.ts` says which
-- mark a row has, and in which hour and day it counts.
--
-- Each is a short text: the number of its period, the greatest lateness and duration in ms, and counts by mark, as in
-- "20787 78 3400 s34=17 m=2". Numbers that are joined to text have at most 14 digits here. A job's latest day is in its hash (`rd`): runs read and write that anyway, so counting them takes
-- no command more. It moves to `days:<job>` when another day begins, or when it is too long for a field of the hash. The
-- queue's latest hour is in `hour`, written once a call; former ones are in `hours`.

local HOUR_MS = 3600000
local KEPT_DAYS, KEPT_HOURS = 35, 9600
-- Days that a job may have beyond those kept before they are deleted, so that it happens seldom.
local SPARE_DAYS = 7
-- A hash with a field above this takes several times the memory.
local MAX_OPEN = 64

local function addMark(text, mark, count)
  local _, before = text:find(" " .. mark .. "=", 1, true)
  if not before then return text .. " " .. mark .. "=" .. count end
  local last = (text:find(" ", before, true) or #text + 1) - 1
  local digit = text:byte(last)
  -- Mostly one more, and no carry: what Redis' Lua does with numbers in texts takes far longer.
  if count == 1 and digit < 57 then return text:sub(1, last - 1) .. string.char(digit + 1) .. text:sub(last + 1) end
  return text:sub(1, before) .. text:sub(before + 1, last) + count .. text:sub(last + 1)
end

-- Which of two whole numbers is greater, as texts: reading them takes longer.
local function greaterOf(one, other)
  if #one ~= #other then return #one > #other and one or other end
  return one > other and one or other
end

-- `late` and `took` are texts, here and below.
local function raiseMax(text, late, took)
  local lateMax, tookMax = text:match("^%d+ (%d+) (%d+)")
  local lateNow, tookNow = greaterOf(late, lateMax), greaterOf(took, tookMax)
  if lateNow == lateMax and tookNow == tookMax then return text end
  return (text:gsub(" %d+ %d+", " " .. lateNow .. " " .. tookNow, 1))
end

-- Two roll-ups of one period as one.
local function join(text, other)
  local late, took, marks = other:match("^%d+ (%d+) (%d+)(.*)$")
  for mark, count in marks:gmatch(" (%w+)=(%d+)") do text = addMark(text, mark, count) end
  return raiseMax(text, late, took)
end

local function dropOldDays(key, day)
  if call("HLEN", key) <= KEPT_DAYS + SPARE_DAYS then return end
  for _, known in ipairs(call("HKEYS", key)) do
    if tonumber(known) <= day - KEPT_DAYS then call("HDEL", key, known) end
  end
end

-- Adds a day to those that are not in the job's hash.
local function keepDay(jobId, text)
  local key, day = daysKey(jobId), text:match("^%d+")
  if call("HSETNX", key, day, text:sub(#day + 2)) == 1 then
    dropOldDays(key, tonumber(day))
  else
    call("HSET", key, day, join(day .. " " .. call("HGET", key, day), text):sub(#day + 2))
  end
end

-- The day of the last count of this call, and how texts of that day begin.
local lastDay, startOfDay

-- Adds to the latest day of a job, which is `open` ("" = none), and returns what is the latest day then.
local function addToDay(jobId, open, day, mark, count, late, took)
  if day ~= lastDay then lastDay, startOfDay = day, day .. " " end
  local text
  if open:find(startOfDay, 1, true) == 1 then
    text = raiseMax(addMark(open, mark, count), late, took)
  else
    text = startOfDay .. late .. " " .. took .. " " .. mark .. "=" .. count
    if open ~= "" then
      local isEarlier = tonumber(open:match("^%d+")) > day
      keepDay(jobId, isEarlier and text or open)
      if isEarlier then return open end
    end
  end
  if #text <= MAX_OPEN then return text end
  keepDay(jobId, text)
  return ""
end

-- What this call adds to hours, by their numbers.
local HOURS = {}

local function addToHour(hour, mark, count, late, took)
  local more = HOURS[hour]
  if not more then
    more = { late = "0", took = "0", marks = {} }
    HOURS[hour] = more
  end
  more.marks[mark] = (more.marks[mark] or 0) + count
  more.late, more.took = greaterOf(late, more.late), greaterOf(took, more.took)
end

-- Counts occurrences of the fast path, and returns the job's latest day.
local function countFast(jobId, open, decidedAt, mark, count, late, took)
  local hour = math.floor(decidedAt / HOUR_MS)
  addToHour(hour, mark, count, late, took)
  return addToDay(jobId, open or "", math.floor(hour / 24), mark, count, late, took)
end

-- What this call adds to days, by job.
local DAYS = {}

local function countRow(jobId, row)
  local mark, lateMs, tookMs = marks.markOf(row)
  local late, took = numberText(lateMs or 0), numberText(tookMs or 0)
  local hour = math.floor((row.finishedAt or row.decidedAt) / HOUR_MS)
  local ofJob = DAYS[jobId] or {}
  DAYS[jobId] = ofJob
  local function add(what, count)
    addToHour(hour, what, count, late, took)
    ofJob[#ofJob + 1] = { math.floor(hour / 24), what, count, late, took }
  end
  add(mark, row.count or 1)
  if row.attempt and row.attempt > 1 then add("r", row.attempt - 1) end
end

local function writeDays(jobId)
  local open, isThere = OPEN_DAYS[jobId], true
  if not open then
    local v = call("HMGET", jobKey(jobId), "rev", "rd")
    open, isThere = v[2] or "", v[1]
  end
  for _, more in ipairs(DAYS[jobId] or {}) do open = addToDay(jobId, open, unpack(more)) end
  DAYS[jobId] = nil
  if isThere then
    call("HSET", jobKey(jobId), "rd", open)
    OPEN_DAYS[jobId] = open
    return
  end
  -- Of a removed job they are kept as long as its ledger.
  if open ~= "" then keepDay(jobId, open) end
  local endsAt = call("ZSCORE", PREFIX .. "gone", jobId)
  if endsAt then call("PEXPIREAT", daysKey(jobId), string.format("%d", endsAt)) end
end

-- Before a job's hash is deleted: moves its latest day.
local function closeDays(jobId)
  writeDays(jobId)
  if OPEN_DAYS[jobId] ~= "" then keepDay(jobId, OPEN_DAYS[jobId]) end
  OPEN_DAYS[jobId] = nil
end

local function keepHour(text)
  local key, hour = PREFIX .. "hours", text:match("^%d+")
  local known = call("ZRANGEBYSCORE", key, hour, hour)[1]
  if known then call("ZREM", key, known) end
  call("ZADD", key, hour, known and join(known, text) or text)
end

local function writeHour(hour, more)
  local key = PREFIX .. "hour"
  local open = call("GET", key)
  local openHour = open and tonumber(open:match("^%d+"))
  local text = openHour == hour and open or hour .. " 0 0"
  for mark, count in pairs(more.marks) do text = addMark(text, mark, count) end
  text = raiseMax(text, more.late, more.took)
  if openHour and openHour > hour then
    keepHour(text)
    return
  end
  call("SET", key, text)
  if openHour and openHour < hour then
    keepHour(open)
    call("ZREMRANGEBYSCORE", PREFIX .. "hours", "-inf", hour - KEPT_HOURS)
  end
end

writeRollUps = function()
  for jobId in pairs(DAYS) do writeDays(jobId) end
  for hour, more in pairs(HOURS) do writeHour(hour, more) end
end

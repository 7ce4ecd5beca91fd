-- Begins every script of this folder; the loader joins the files.
-- ARGV[1] prefix       of cronduit's keys, with the hash tag; ends with a colon
-- ARGV[2] queuePrefix  of BullMQ's keys of the queue, same hash tag; ends with a colon
-- ARGV[3] now          epoch ms; empty = the server's clock
-- ARGV[4] maxEvents    about how many entries the event stream keeps
-- The last argument of a script that shares its text with others is its name.
local PREFIX, QUEUE = ARGV[1], ARGV[2]
local call = redis.call
-- Library files; a call uses only a few of them: see `lazy`.
local changes, conditions, queuedRuns, wakeups, groups, backfills, queueing, marks, lists

-- A file whose functions are made on first use. A server makes a script's functions anew at every call, and most calls
-- need none of these.
local LAZY = { __index = function(part, name)
  for key, made in pairs(part[1]()) do part[key] = made end
  return rawget(part, name)
end }
local function lazy(make) return setmetatable({ make }, LAZY) end

local function serverNow()
  local t = call("TIME")
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function clock()
  if ARGV[3] ~= "" then return tonumber(ARGV[3]) end
  return serverNow()
end

local NOW = clock()

-- Redis writes numbers that Lua passes it with 17 digits of precision, which is slow.
local function numberText(n) return string.format("%d", n) end

-- BullMQ takes ids with exactly two colons.
local function encodeJobId(jobId)
  return (jobId:gsub("%%", "%%25"):gsub(":", "%%3A"))
end

local function decodeJobId(text)
  return (text:gsub("%%3A", ":"):gsub("%%25", "%%"))
end

local function queueJobIdOf(jobId, mark, sequence, fireAt)
  return string.format("%s:%s%d:%d", encodeJobId(jobId), mark, sequence, fireAt)
end

-- Revisions, generations and ids of wakeups share one counter, so that no number is ever used twice.
local function nextSequence()
  return call("HINCRBY", PREFIX .. "meta", "seq", 1)
end

-- Makes every number from here on greater than `least`.
local function raiseSequence(least)
  local key = PREFIX .. "meta"
  if tonumber(call("HGET", key, "seq") or "0") < least then call("HSET", key, "seq", least) end
end

local function optional(text)
  return text and text ~= "" and text or nil
end

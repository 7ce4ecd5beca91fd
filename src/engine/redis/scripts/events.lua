-- Numbers as texts, by format: most rows of a call have the same retention, and a number takes long to write.
local function textsOf(format)
  return setmetatable({}, { __index = function(known, n)
    known[n] = string.format(format, n)
    return known[n]
  end })
end

-- Events of this call as JSON texts, or parts of them where a comma separates fields.
local EVENTS = {}

-- What the worker whose request decided it writes to its log, once for each occurrence that does not run.
local TOLD = { JOB_MISSED = true, JOB_MAX_INSTANCES = true, JOB_ERROR = true }
local told = {}

-- Owners of the jobs that this call has read and that have one: events and rows carry them.
local OWNERS = {}

local function emit(event)
  event.at = NOW
  event.owner = event.owner or OWNERS[event.jobId]
  EVENTS[#EVENTS + 1] = cjson.encode(event)
  if TOLD[event.name] then told[#told + 1] = event end
end

-- Appends all events of the call as one entry: one append, however many runs share the call.
local function appendEntry()
  if #EVENTS == 0 then return end
  -- The brackets come first, since a text that is made anew costs by its length.
  local n = #EVENTS
  EVENTS[1] = "[" .. EVENTS[1]
  EVENTS[n] = EVENTS[n] .. "]"
  call("XADD", PREFIX .. "events", "MAXLEN", "~", ARGV[4], "*", "e", table.concat(EVENTS, ","))
end

-- Decisions of this call, for lists of the whole fleet: each as a letter for its verdict, how many ms before its entry's score
-- it was made, and the run's id, from which whoever reads it finds the row in the ledger.
local DECIDED, DECIDED_BEFORE = {}, {}
local LETTERS = { succeeded = "s", failed = "f", cancelled = "c", missed = "m", coalesced = "o", skipped = "k" }
-- Those of one entry were made within so many ms: a reader looks that much further.
local SPREAD_MS = 100
local DECISIONS_AN_ENTRY = 8
-- How many entries are kept: decisions of the newest 50,000, or of up to 8 times as many if they come many at once.
local MAX_ENTRIES = 50000

local AGES = textsOf("%d")

local function noteDecided(runId, verdict, at)
  local age = NOW - at
  if age <= SPREAD_MS then
    DECIDED[#DECIDED + 1] = LETTERS[verdict] .. AGES[age] .. " " .. runId
  else
    -- It was decided before, and could not be told, or was imported.
    DECIDED_BEFORE[#DECIDED_BEFORE + 1] = numberText(at)
    DECIDED_BEFORE[#DECIDED_BEFORE + 1] = LETTERS[verdict] .. "0 " .. runId
  end
end

local function appendDecided()
  if DECIDED[1] == nil and DECIDED_BEFORE[1] == nil then return end
  local key, entries = PREFIX .. "decided", DECIDED_BEFORE
  for first = 1, #DECIDED, DECISIONS_AN_ENTRY do
    entries[#entries + 1] = numberText(NOW)
    entries[#entries + 1] = table.concat(DECIDED, "\n", first, math.min(first + DECISIONS_AN_ENTRY - 1, #DECIDED))
  end
  for first = 1, #entries, 1000 do
    call("ZADD", key, unpack(entries, first, math.min(first + 999, #entries)))
  end
  -- Now and then, since most calls would find nothing to drop.
  if NOW % 32 == 0 then call("ZREMRANGEBYRANK", key, 0, -(MAX_ENTRIES + 1)) end
end

-- Events of this call.
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
  call("XADD", PREFIX .. "events", "MAXLEN", "~", ARGV[4], "*", "e", "[" .. table.concat(EVENTS, ",") .. "]")
end

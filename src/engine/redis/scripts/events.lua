-- Events of this call.
local EVENTS = {}

local function emit(event)
  event.at = NOW
  EVENTS[#EVENTS + 1] = cjson.encode(event)
end

-- Appends all events of the call as one entry: one append, however many runs share the call.
local function appendEntry()
  if #EVENTS == 0 then return end
  call("XADD", PREFIX .. "events", "MAXLEN", "~", ARGV[4], "*", "e", "[" .. table.concat(EVENTS, ",") .. "]")
end

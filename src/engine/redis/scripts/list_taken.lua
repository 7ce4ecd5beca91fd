--[[
list_taken: the queue jobs that living workers have: taken, with a lock that has not expired.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] limit   ids returned at most
Returns an array of ids.
]]
local found = {}
-- Holds what the fleet executes at the moment, and what dead workers left.
for _, id in ipairs(call("LRANGE", QUEUE .. "active", 0, -1)) do
  if #found >= tonumber(ARGV[5]) then break end
  if call("EXISTS", QUEUE .. id .. ":lock") == 1 then found[#found + 1] = id end
end
return found

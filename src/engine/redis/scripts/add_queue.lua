--[[
add_queue: adds a queue to the list of the fleet's queues, which the default queue keeps.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] name
Returns 1 = new, 0 = known.
]]
if call("SADD", PREFIX .. "queues", ARGV[5]) == 0 then return 0 end
-- An entry without events makes readers look: there is one more log to read from now on.
call("XADD", PREFIX .. "events", "MAXLEN", "~", ARGV[4], "*", "e", "[]")
return 1

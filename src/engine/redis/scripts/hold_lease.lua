--[[
hold_lease: takes a lease that nobody has, or renews one's own.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] name
ARGV[6] owner
ARGV[7] ttl   ms; 0 = release it
Returns 1 = held (or released), 0 = another owner has it.
]]
local key = PREFIX .. "lease:" .. ARGV[5]
local holder = call("GET", key)
if holder and holder ~= ARGV[6] then return 0 end
if ARGV[7] == "0" then
  call("DEL", key)
else
  call("SET", key, ARGV[6], "PX", ARGV[7])
end
return 1

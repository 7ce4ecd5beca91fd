--[[
now: the clock of all decisions, which is that of the node that holds the queue.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
Returns epoch ms.
]]
return NOW

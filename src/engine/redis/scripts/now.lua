--[[
now: the clock that decisions are made by: that of the node which holds the queue.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
Returns epoch ms.
]]
return NOW

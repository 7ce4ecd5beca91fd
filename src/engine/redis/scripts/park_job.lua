--[[
park_job: puts a queue job that a worker holds back among the delayed, by the server's own clock.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] id
ARGV[6] token     of its lock
ARGV[7] delayMs
Returns 1; 0 if the lock expired or belongs to another worker.
]]
local id = ARGV[5]
if not releaseQueueJob(id, ARGV[6]) then return 0 end
call("SREM", QUEUE .. "stalled", id)
call("HSET", QUEUE .. id, "delay", ARGV[7])
call("ZADD", QUEUE .. "delayed", (serverNow() + tonumber(ARGV[7])) * 4096, id)
HAS_DELAYED = true
signalWorkers()
return 1

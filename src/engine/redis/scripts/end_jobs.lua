--[[
end_jobs: lets go of queue jobs that a worker has done with, as BullMQ's own script does with those of which it keeps none,
but many in one call. One whose lock is somebody else's, or has ended, stays as it is.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] jobs     JSON array: id and lock token, in turn
Returns how many were let go.
]]
local jobs = cjson.decode(ARGV[5])
local ended = {}
for i = 1, #jobs, 2 do
  if endQueueJob(jobs[i], jobs[i + 1]) then ended[#ended + 1] = jobs[i] end
end
if #ended > 0 then call("SREM", QUEUE .. "stalled", unpack(ended)) end
return #ended

--[[
end_jobs: ends queue jobs that a worker is done with, as BullMQ's own script does with jobs that it does not keep, but many
per call. A queue job whose lock expired or belongs to another worker stays as it is.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] jobs     JSON array: alternating id and lock token
Returns the number of queue jobs ended.
]]
local jobs = cjson.decode(ARGV[5])
local ended = {}
for i = 1, #jobs, 2 do
  if endQueueJob(jobs[i], jobs[i + 1]) then ended[#ended + 1] = jobs[i] end
end
if #ended > 0 then call("SREM", QUEUE .. "stalled", unpack(ended)) end
return #ended

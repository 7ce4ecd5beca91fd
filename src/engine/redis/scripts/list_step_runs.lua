--[[
list_step_runs: the runs of a job that have steps, oldest first; the steps of some may have expired.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] jobId
ARGV[6] offset
ARGV[7] limit   ids returned at most
Returns an array of run ids.
]]
return call("ZRANGE", PREFIX .. "step-runs:" .. ARGV[5], ARGV[6], ARGV[6] + ARGV[7] - 1)

--[[
list_step_runs: the runs of a job that have steps, oldest first; some may be let go of by now.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] jobId
ARGV[6] offset
ARGV[7] limit   ids returned at most
Returns an array of run ids.
]]
return call("ZRANGE", PREFIX .. "stepruns:" .. ARGV[5], ARGV[6], ARGV[6] + ARGV[7] - 1)

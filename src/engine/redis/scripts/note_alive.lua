--[[
note_alive: notes that the worker of a start lost its lock but lives, so that this does not count as a crash.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] hold   JSON: jobId, queueJobId, runId, start
Returns nothing.
]]
markAlive(cjson.decode(ARGV[5]))

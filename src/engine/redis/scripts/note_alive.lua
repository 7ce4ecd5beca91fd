--[[
note_alive: notes that the worker of a start lost its lock and lives, so that this is not counted as a crash.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] hold   JSON: jobId, queueJobId, runId, start
Returns nothing.
]]
noteAlive(cjson.decode(ARGV[5]))

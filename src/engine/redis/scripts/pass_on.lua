--[[
pass_on: signals another worker what waits and what comes next. The server signals one worker only; one without room for
more passes that on.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
Returns nothing.
]]
HAS_DELAYED = true
HAS_WAITING = call("EXISTS", QUEUE .. "wait", QUEUE .. "prioritized") > 0
signalWorkers()

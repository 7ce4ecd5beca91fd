--[[
pass_on: tells another worker of what waits and of what comes next. The server gives its sign to one worker; one that has no
room for more hands it on.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
Returns nothing.
]]
HAS_DELAYED = true
HAS_WAITING = call("EXISTS", QUEUE .. "wait", QUEUE .. "prioritized") > 0
wakeWorkers()

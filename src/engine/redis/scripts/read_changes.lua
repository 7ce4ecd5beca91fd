--[[
read_changes: a page of one of the fleet's lists of changes, newest first.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] list     "main" or "routine"
ARGV[6] before   the place before which to read; empty = from the newest
ARGV[7] limit
Returns { place of the newest of all, { JSON text of each } }.
]]
local last = tonumber(call("HGET", PREFIX .. "meta", "changes:" .. ARGV[5]) or "0")
local from = math.max(0, last + 1 - (tonumber(ARGV[6]) or last + 1))
return { last, call("LRANGE", PREFIX .. "changes:" .. ARGV[5], from, from + ARGV[7] - 1) }

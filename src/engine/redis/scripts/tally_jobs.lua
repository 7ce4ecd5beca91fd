--[[
tally_jobs: one step through a list of jobs, to count those that fit a filter.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] query   JSON: as that of `list_jobs`, and by ("state", "lastVerdict" or "owner")?
Returns a list: how many jobs were looked at; whether there are more (1 or 0); id of the last one looked at; how many
groups there are; for each group its key and its number; then for each job that may fit: its id and its group's key.
]]
local q = cjson.decode(ARGV[5])
local counts, unsure = {}, {}

local function groupKeyOf(id, definition)
  if q.by == "state" then return call("HGET", jobKey(id), "st") or "active" end
  if q.by == "lastVerdict" then return lastVerdictOf(q.filter, unpack(call("HMGET", jobKey(id), "lp", "ho"))) end
  return q.by == "owner" and lists.headOf(definition or ""):match('"owner":"([^"]+)"') or ""
end

local looked, last, isMore = look(q, function(id, isSure, definition)
  local key = groupKeyOf(id, definition)
  if isSure then
    counts[key] = (counts[key] or 0) + 1
  else
    unsure[#unsure + 1] = id
    unsure[#unsure + 1] = key
  end
end)
local answer = { looked, isMore and 1 or 0, last or "", 0 }
for key, count in pairs(counts) do
  answer[#answer + 1] = key
  answer[#answer + 1] = count
  answer[4] = answer[4] + 1
end
for _, each in ipairs(unsure) do answer[#answer + 1] = each end
return answer

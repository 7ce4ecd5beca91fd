--[[
list_jobs: one step through a list of jobs, to find those that fit a filter.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] query   JSON: list (of `lists.lua`)? or ids?, else by due time; needsDue? (of a list: due times are asked for);
                after {id, dueAt (epoch ms)?}?; count (jobs to look at);
                filter {needsText, states {state: true}?, verdicts {verdict: true}?; as written in definitions: pipeline?,
                owners?, sources? and isCode?, tag?; text (lower case)? and isAscii?; hidesFormer (true: how a last run
                ended under a former owner is not told)?}
Returns a list: how many jobs were looked at; whether there are more (1 or 0); id and due time of the last one looked at; then
for each that fits: id, due time ("inf" = none, or not asked for), and whether it fits for sure (1 or 0).
]]
local q = cjson.decode(ARGV[5])
local ids, sure = {}, {}
local looked, last, isMore = look(q, function(id, isSure)
  ids[#ids + 1] = id
  sure[#ids] = isSure and 1 or 0
end)
if not last then return { 0, isMore and 1 or 0, "", "" } end
local places = { last, unpack(ids) }
local dues = q.list and not q.needsDue and {} or duesOf(places)
local answer = { looked, isMore and 1 or 0, last, dues[1] or "inf" }
for i, id in ipairs(ids) do
  answer[#answer + 1] = id
  answer[#answer + 1] = dues[i + 1] or "inf"
  answer[#answer + 1] = sure[i]
end
return answer

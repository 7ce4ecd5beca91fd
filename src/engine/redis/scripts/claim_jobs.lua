--[[
claim_jobs: claims job ids for a queue, on the default queue, before the jobs are stored on theirs.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] request   JSON: queue, jobIds
Returns a JSON array with one answer for each id, in order:
  {"o":"claimed","number":n}              replaces an earlier claim of the same queue
  {"o":"elsewhere","queue":q,"number":n}  another queue has claimed it
  {"o":"exists"}                          the default queue has a job of this id
]]
local r = cjson.decode(ARGV[5])
local homes = PREFIX .. "homes"

local function claimOne(jobId)
  if call("HEXISTS", jobKey(jobId), "da") == 1 then return { o = "exists" } end
  local number, queue = (call("HGET", homes, jobId) or ""):match("^(%d+) (.+)$")
  if queue and queue ~= r.queue then return { o = "elsewhere", queue = queue, number = tonumber(number) } end
  local claim = nextSequence()
  call("HSET", homes, jobId, string.format("%d %s", claim, r.queue))
  return { o = "claimed", number = claim }
end

local answers = {}
for i, jobId in ipairs(r.jobIds) do answers[i] = claimOne(jobId) end
return cjson.encode(answers)

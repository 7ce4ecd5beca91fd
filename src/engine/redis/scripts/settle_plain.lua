--[[
settle_plain: ends plain runs that succeeded, and keeps the next occurrences of plain jobs waiting; see `plain.lua`.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] runs      how many runs; 14 arguments each follow: job id, queue job id, fire time, token of the queue job's lock
                  (which also marks the stored run), the last run's verdict and times, its end, its result, row and event
                  (JSON text; of the event all behind its instant), how many rows and ms of them to keep, and the occurrence
                  to follow: queue job id ("" = none), fire and due time. After them, six for each further job whose next
                  occurrence is to follow: job id, queue job id, fire time, and the three of that occurrence. Times in epoch ms.
Returns a list with one answer for each run: 2 = it ended, and its queue job too; 1 = it ended, and the queue job is
somebody else's; 0 = it is not plain any more: ask `settle`.
]]
local RUN_ARGUMENTS, FOLLOW_ARGUMENTS = 14, 6

local function settleOne(jobId, id, fireAt, token, last, finishedAt, result, row, event, keepCount, keepAgeMs)
  local runs, key, mark = instancesKey(jobId), jobKey(jobId), markOf(token)
  local held = call("HGET", runs, id)
  if not held or held:sub(1, #mark) ~= mark then return 0 end
  local v = call("HMGET", key, "pn", "op", "dp", "ss", "c:succeeded")
  if v[1] ~= "1" or v[2] or v[3] then return 0 end
  call("HDEL", runs, id)
  call("HSET", key, "li", id, "lp", last, "lr", result, "ok", finishedAt, "bad", "0", "ss", addOne(v[4]),
    "c:succeeded", addOne(v[5]))
  recordText(jobId, fireAt, row, keepCount, keepAgeMs)
  EVENTS[#EVENTS + 1] = '{"at":' .. NOW_TEXT .. event
  if call("EXISTS", runs) == 0 then call("SREM", PREFIX .. "live", jobId) end
  return endQueueJob(id, token) and 2 or 1
end

local function generationOf(id) return id:match("(%d+):%d+$") end

local answers, at = {}, 6
for i = 1, tonumber(ARGV[5]) do
  local jobId, id, fireAt, token, last, finishedAt, result, row, event, keepCount, keepAgeMs, nextId, nextFireAt, nextDueAt =
    unpack(ARGV, at, at + RUN_ARGUMENTS - 1)
  answers[i] = settleOne(jobId, id, fireAt, token, last, finishedAt, result, row, event, keepCount, keepAgeMs)
  if nextId ~= "" then followPlain(jobId, generationOf(id), fireAt, nextId, nextFireAt, nextDueAt) end
  at = at + RUN_ARGUMENTS
end
for from = at, #ARGV, FOLLOW_ARGUMENTS do
  local jobId, id, fireAt, nextId, nextFireAt, nextDueAt = unpack(ARGV, from, from + FOLLOW_ARGUMENTS - 1)
  followPlain(jobId, generationOf(id), fireAt, nextId, nextFireAt, nextDueAt)
end
finish()
return answers

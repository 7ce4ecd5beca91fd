--[[
take_jobs: takes queue jobs for a worker as BullMQ's own script does, but many per call, in BullMQ's order: waiting, due,
prioritized. `test/bullmq-facts` compares what is left behind with BullMQ's own. Occurrences of pipelines that the worker has
are decided at once where they can take the fast path: see `fast_path.lua`.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now        decides occurrences; what is due in the queue goes by the server's own clock, like all of BullMQ's delays
ARGV[4] maxEvents
ARGV[5] taker      who takes: letters, digits and hyphens
ARGV[6] turn       number of this call; the same number again gets the same answer
ARGV[7] lockMs     how long the locks last
ARGV[8] count      at most this many
ARGV[9] worker     in whose name runs start
ARGV[10] pipelines JSON array of the names of those that the worker has
ARGV[11] limitMax  at most this many are taken per limitMs, by all takers together (0 = no limit). BullMQ's limit of the whole
                   queue takes precedence, and its key counts for both, so that bare BullMQ workers are counted too
ARGV[12] limitMs   0 = no limit
Returns a list: microseconds until the next queue job becomes due (0 = none known, or the queue is paused) or the limit allows
more; 1 if there may be more to take now, 2 if the limit does not allow it yet, else 0; the instant; and a list for each queue
job taken: id, name, how often it was taken; and if its run started: the job's revision, run id, first fire time that the run
stands for, due time, how many occurrences, and of the job's last run: id, `lastText`, result (each may be nil). The token of
the locks is the taker, a colon, and the turn.
]]
-- While others wait, this share of what is taken moves from the delayed to the waiting: enough that nothing starves, and not
-- more, since delayed ones can still be dropped.
local RELEASED_SHARE = 0.25
local token, lockMs, room = ARGV[5] .. ":" .. ARGV[6], ARGV[7], tonumber(ARGV[8])
local answeredKey = PREFIX .. "answered:" .. ARGV[5]
local answered = call("GET", answeredKey)
local answerStart = '["' .. token .. '",'
if answered and answered:sub(1, #answerStart) == answerStart then return cjson.decode("[" .. answered:sub(#answerStart + 1)) end

local now = serverNow()
local queueJobs, delayedKey = {}, QUEUE .. "delayed"
local taken, seen, hasBegun = {}, 0, false
local hasPipeline = {}
for _, name in ipairs(cjson.decode(ARGV[10])) do hasPipeline[name] = true end

local limiterKey = QUEUE .. "limiter"
local limitMax, limitMs

-- How many queue jobs may be taken now, and for how long the rate limit allows none.
local function roomInQueue()
  local v = call("HMGET", QUEUE .. "meta", "paused", "concurrency", "max", "duration")
  if v[1] then return 0, 0 end
  local most = v[2] and math.min(room, tonumber(v[2]) - call("LLEN", QUEUE .. "active")) or room
  limitMax = tonumber(v[3] or ARGV[11])
  limitMs = ARGV[12] ~= "0" and tonumber(ARGV[12]) or tonumber(v[4] or "0")
  if limitMax == 0 or limitMs == 0 then return most, 0 end
  local used = tonumber(call("GET", limiterKey) or "0")
  if used >= limitMax then
    local leftMs = call("PTTL", limiterKey)
    -- A window that began under a longer limit must not outlast a whole one of this limit. BullMQ's `rateLimit(ms)` counts
    -- 2^53 - 1 to close the queue for a time of its own.
    if leftMs > limitMs and used < 2 ^ 53 - 1 then
      leftMs = math.floor(limitMs)
      call("PEXPIRE", limiterKey, leftMs)
    end
    if leftMs > 0 then return 0, leftMs end
    call("DEL", limiterKey)
    used = 0
  end
  return math.min(most, limitMax - used), 0
end

local function countTaken(n)
  if limitMax == 0 or limitMs == 0 then return end
  if call("INCRBY", limiterKey, n) == n then call("PEXPIRE", limiterKey, math.floor(limitMs)) end
end

local nowText = numberText(now)
local function start(id, v)
  local key, name = QUEUE .. id, v[1]
  local takes = v[2] and numberText(v[2] + 1) or "1"
  local job = { id, name, takes }
  if hasPipeline[name] then job = { id, name, takes, startFast(id, name, token, ARGV[9]) } end
  if job[4] == "over" then
    call("DEL", key)
    return
  end
  -- A run that has started ends soon, and counts itself how often it was taken.
  if job[4] then hasBegun = true else call("HSET", key, "ats", takes, "processedOn", nowText, "delay", "0") end
  call("SET", key .. ":lock", token, "PX", lockMs)
  taken[#taken + 1] = job
  queueJobs[#queueJobs + 1] = id
end

-- A queue job that was removed meanwhile has no hash any more.
local function startEach(ids)
  seen = seen + #ids
  for _, id in ipairs(ids) do
    local v = call("HMGET", QUEUE .. id, "name", "ats")
    if v[1] then start(id, v) end
  end
end

-- Delayed queue jobs that are due, oldest first: start, or line up behind those that wait.
local function releaseDue(most, doStart)
  local due = call("ZRANGEBYSCORE", delayedKey, 0, (now + 1) * 4096 - 1, "LIMIT", 0, most)
  if #due == 0 then return end
  call("ZREM", delayedKey, unpack(due))
  for _, id in ipairs(due) do
    local v = call("HMGET", QUEUE .. id, "name", "ats", "priority")
    local priority = tonumber(v[3] or "0")
    if v[1] and priority > 0 then
      local place = call("INCR", QUEUE .. "pc")
      call("HSET", QUEUE .. id, "delay", 0)
      call("ZADD", QUEUE .. "prioritized", priority * 0x100000000 + place % 0x100000000, id)
    elseif doStart then
      seen = seen + 1
      if v[1] then start(id, v) end
    elseif v[1] then
      call("LPUSH", QUEUE .. "wait", id)
    end
  end
end

local function startPrioritized(most)
  local popped = call("ZPOPMIN", QUEUE .. "prioritized", most)
  if #popped == 0 then call("DEL", QUEUE .. "pc") end
  local ids = {}
  for i = 1, #popped, 2 do ids[#ids + 1] = popped[i] end
  startEach(ids)
end

-- Microseconds until the next delayed queue job is due.
local function untilNext()
  local head = call("ZRANGE", delayedKey, 0, 0, "WITHSCORES")
  if not head[2] then return nil end
  local t = call("TIME")
  return math.max(1, (math.floor(head[2] / 4096) - t[1] * 1000) * 1000 - t[2])
end

local most, limitedMs = roomInQueue()
if limitedMs > 0 then return { limitedMs * 1000, 2, NOW } end
if most <= 0 then return { 0, 0, NOW } end
if call("EXISTS", QUEUE .. "wait") == 1 then
  releaseDue(math.ceil(most * RELEASED_SHARE), false)
  startEach(call("RPOP", QUEUE .. "wait", most))
end
if seen < most then releaseDue(most - seen, true) end
if seen < most then startPrioritized(most - seen) end
if #queueJobs > 0 then
  call("LPUSH", QUEUE .. "active", unpack(queueJobs))
  countTaken(#queueJobs)
end
local untilNextUs = untilNext()
-- Another worker may take what is left.
local isMore = seen == most
  and (call("EXISTS", QUEUE .. "wait", QUEUE .. "prioritized") > 0 or (untilNextUs or 1000) < 1000)
if isMore then
  call("ZADD", QUEUE .. "marker", 0, "0")
elseif HAS_DELAYED or (seen == most and untilNextUs) then
  -- When the next becomes due, this worker may be full or gone, and the others may not know of it.
  HAS_DELAYED = true
  signalWorkers()
end
writeRollUps()
appendEntry()
appendDecided()
local answer = { untilNextUs or 0, seen == most and 1 or 0, NOW, unpack(taken) }
-- A call whose answer is lost with a connection is repeated, or nobody would know of the runs it started. Forgotten well
-- before the locks expire: by then others may have taken the queue jobs.
if hasBegun then
  call("SET", answeredKey, cjson.encode({ token, unpack(answer) }), "PX", math.floor(lockMs / 4))
end
return answer

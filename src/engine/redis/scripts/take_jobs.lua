--[[
take_jobs: takes queue jobs for a worker as BullMQ's own script does, but many in one call, in BullMQ's order: what
waits, what has become due, what has a priority. `test/bullmq-facts` compares what is left behind with BullMQ's own.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now        not used: what is due is told by the server's own clock, like all of BullMQ's delays
ARGV[4] maxEvents
ARGV[5] token      of the locks
ARGV[6] lockMs
ARGV[7] count      at most so many
Returns a list: ms until the next queue job becomes due (0 = none is known, or the queue is paused), and three items for
each that was taken: id, name, how often it was taken.
]]
-- Due ones that come into the line in one call.
local MAX_RELEASED = 1000
local token, lockMs, room = ARGV[5], ARGV[6], tonumber(ARGV[7])
local now = serverTime()
local queueJobs, delayedKey = {}, QUEUE .. "delayed"
local taken = {}

local function limits()
  local v = call("HMGET", QUEUE .. "meta", "paused", "concurrency")
  if v[1] then return 0 end
  return v[2] and math.min(room, tonumber(v[2]) - call("LLEN", QUEUE .. "active")) or room
end

local function start(id, v)
  local key = QUEUE .. id
  local takes = tonumber(v[2] or "0") + 1
  call("HSET", key, "ats", takes, "processedOn", now, "delay", 0)
  call("SET", key .. ":lock", token, "PX", lockMs)
  local n = #taken
  taken[n + 1], taken[n + 2], taken[n + 3] = id, v[1], takes
  queueJobs[#queueJobs + 1] = id
end

-- One that was removed meanwhile has no hash any more.
local function startEach(ids)
  for _, id in ipairs(ids) do
    local v = call("HMGET", QUEUE .. id, "name", "ats")
    if v[1] then start(id, v) end
  end
end

-- Those that are due, oldest first: they start, or stand in line behind those that wait already.
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
    elseif v[1] and doStart then
      start(id, v)
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

-- Ms until the next one is due.
local function untilNext()
  local head = call("ZRANGE", delayedKey, 0, 0, "WITHSCORES")
  return head[2] and math.max(1, math.floor(tonumber(head[2]) / 4096) - now)
end

local most = limits()
if most <= 0 then return { 0 } end
if call("EXISTS", QUEUE .. "wait") == 1 then
  releaseDue(MAX_RELEASED, false)
  startEach(call("RPOP", QUEUE .. "wait", most))
end
if #queueJobs < most then releaseDue(most - #queueJobs, true) end
if #queueJobs < most then startPrioritized(most - #queueJobs) end
if #queueJobs > 0 then
  call("LPUSH", QUEUE .. "active", unpack(queueJobs))
  -- Another worker may take what is left.
  local isMore = #queueJobs == most
    and (call("EXISTS", QUEUE .. "wait", QUEUE .. "prioritized") > 0 or (untilNext() or 2) <= 1)
  if isMore then call("ZADD", QUEUE .. "marker", 0, "0") end
end
table.insert(taken, 1, untilNext() or 0)
return taken

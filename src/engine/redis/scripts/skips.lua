-- Skips: fire times at which a job is not to run, because somebody asked for that. Each is stored until it is decided, as
-- { fireAt, dueAt, reason?, by, at }. The field `sk` of the job's hash is the first of them, so that nobody else looks here.

local function skipsKey(jobId) return PREFIX .. "skips:" .. jobId end

local function noteFirst(jobId)
  local first = call("ZRANGE", skipsKey(jobId), 0, 0, "WITHSCORES")[2]
  if first then
    call("HSET", jobKey(jobId), "sk", first)
  else
    call("HDEL", jobKey(jobId), "sk")
  end
end

local function addSkip(jobId, skip)
  call("ZADD", skipsKey(jobId), numberText(skip.fireAt), cjson.encode(skip))
end

-- Forgets a skip; returns whether there was one.
local function forgetSkip(jobId, fireAt)
  local at = numberText(fireAt)
  return call("ZREMRANGEBYSCORE", skipsKey(jobId), at, at) > 0
end

-- How a decision says that somebody asked for it.
local function onRequest(skip) return { reason = "requested", by = skip.by, note = skip.reason } end

-- Decides the skips up to a fire time, each on its own, and forgets them. Returns their fire times.
local function decideSkips(job, upTo)
  local decided, key = {}, skipsKey(job.id)
  if not job.skipAt or job.skipAt > upTo then return decided end
  for _, member in ipairs(call("ZRANGEBYSCORE", key, "-inf", numberText(upTo))) do
    local skip = cjson.decode(member)
    decided[skip.fireAt] = true
    decideOne(job, { fireAt = skip.fireAt, dueAt = skip.dueAt }, "skipped", "JOB_SKIPPED", onRequest(skip))
  end
  call("ZREMRANGEBYSCORE", key, "-inf", numberText(upTo))
  noteFirst(job.id)
  return decided
end

-- What a change of the schedule does to the skips of a job: { upTo, kept [{ fireAt, dueAt }] }.
local function keepSkips(job, change)
  decideSkips(job, change.upTo)
  local dueAt, key = {}, skipsKey(job.id)
  for _, o in ipairs(change.kept) do dueAt[o.fireAt] = o.dueAt end
  for _, member in ipairs(call("ZRANGE", key, 0, -1)) do
    local skip = cjson.decode(member)
    local at = dueAt[skip.fireAt]
    if at ~= skip.dueAt then
      call("ZREM", key, member)
      skip.dueAt = at
      if at then addSkip(job.id, skip) end
    end
  end
  noteFirst(job.id)
end

return {
  skipsKey = skipsKey, noteFirst = noteFirst, addSkip = addSkip, forgetSkip = forgetSkip, onRequest = onRequest, decideSkips = decideSkips,
  keepSkips = keepSkips,
}

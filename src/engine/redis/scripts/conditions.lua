-- Conditions: what they ask about jobs, and the machine that decides them; `src/conditions/compile.ts` is the reference.

-- What a condition can ask about a job; nil if there is none.
local function factsOf(jobId)
  local v = call("HMGET", jobKey(jobId), "rev", "lp", "er")
  if not v[1] then return nil end
  local last = readLast(v[2])
  return {
    lastVerdict = last.verdict or cjson.null, lastSuccessAt = last.succeededAt or cjson.null,
    successStreak = last.streak, everRan = v[3] == "1",
    running = call("HLEN", instancesKey(jobId)) + call("HLEN", backfillRunsKey(jobId)),
  }
end

local ASK = {
  ok = function(facts) return facts.lastVerdict == "succeeded" end,
  failed = function(facts) return facts.lastVerdict == "failed" end,
  running = function(facts) return facts.running > 0 end,
  never = function(facts) return not facts.everRan end,
  runs = function(facts, n) return facts.successStreak >= n end,
  within = function(facts, ms) return facts.lastSuccessAt ~= cjson.null and NOW - facts.lastSuccessAt <= ms end,
}

-- 1 is true, -1 is false, 0 is "no such job".
local JOIN = {
  ["and"] = function(stack)
    local top = table.remove(stack)
    stack[#stack] = math.min(stack[#stack], top)
  end,
  ["or"] = function(stack)
    local top = table.remove(stack)
    stack[#stack] = math.max(stack[#stack], top)
  end,
  ["not"] = function(stack) stack[#stack] = -stack[#stack] end,
}

-- Decides a condition now. Returns { value, facts (by job; null = no such job), changesAt? }: the instant at which a
-- term becomes false by the mere passing of time, if there is one.
local function evaluate(program)
  local facts, stack, changesAt = {}, {}, nil
  for _, step in ipairs(program) do
    local kind, jobId = step[1], step[2]
    if JOIN[kind] then
      JOIN[kind](stack)
    else
      if facts[jobId] == nil then facts[jobId] = factsOf(jobId) or cjson.null end
      local known = facts[jobId]
      local value = known == cjson.null and 0 or (ASK[kind](known, step[3]) and 1 or -1)
      stack[#stack + 1] = value
      if kind == "within" and value == 1 then
        local over = known.lastSuccessAt + step[3] + 1
        changesAt = changesAt and math.min(changesAt, over) or over
      end
    end
  end
  return { value = stack[1] == 1, facts = facts, changesAt = changesAt }
end

-- The job's condition as it is now; asked once in an admission, and again after a start.
local function judge(job)
  job.judged = job.judged or evaluate(job.condition.program)
  return job.judged
end

-- The jobs that a condition names, each once.
local function jobsIn(condition)
  local list, seen = {}, {}
  for _, step in ipairs(condition.program) do
    if step[2] and not seen[step[2]] then
      seen[step[2]] = true
      list[#list + 1] = step[2]
    end
  end
  return list
end

-- Keeps the index of those that wait: which jobs are to look again when a job starts, ends, comes or goes. The mark
-- at the job itself spares all others the question.
local function linkCondition(jobId, before, after)
  if before and before.waitMs then
    for _, named in ipairs(jobsIn(before)) do
      call("SREM", dependentsKey(named), jobId)
      if call("EXISTS", dependentsKey(named)) == 0 then call("HDEL", jobKey(named), "dp") end
    end
  end
  if after and after.waitMs then
    for _, named in ipairs(jobsIn(after)) do
      call("SADD", dependentsKey(named), jobId)
      if call("EXISTS", jobKey(named)) == 1 then call("HSET", jobKey(named), "dp", 1) end
    end
  end
end

return { judge = judge, link = linkCondition }

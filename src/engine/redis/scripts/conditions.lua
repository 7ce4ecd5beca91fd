-- Conditions: their facts, and the stack machine that evaluates them; `src/conditions/compile.ts` is the reference.

-- Whether a condition sees the jobs of an owner. `sees` lists those whose jobs it does; nil = everybody's.
local function isSeen(sees, owner)
  if not sees then return true end
  for _, each in ipairs(sees) do
    if each == owner then return true end
  end
  return false
end

-- What a condition can ask about a job; nil if it sees no such job.
local function factsOf(jobId, sees)
  local v = call("HMGET", jobKey(jobId), "rev", "lp", "er", "ow")
  if not v[1] or not isSeen(sees, v[4]) then return nil end
  local last = readLast(v[2])
  local running = call("HLEN", runningKey(jobId)) + call("HLEN", backfillRunningKey(jobId))
  return {
    lastVerdict = last.verdict or cjson.null, lastSuccessAt = last.lastSuccessAt or cjson.null,
    successStreak = last.successStreak, running = running,
    -- A run of a job that was removed and added again belongs to the new one, which did not start it.
    everRan = v[3] == "1" or running > 0 or last.verdict ~= nil,
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

-- Evaluates a program now. Returns { isTrue, facts (by job; null = no such job), expiresAt? }. `expiresAt` is the instant at
-- which a term becomes false just because time passes.
local function runProgram(program, sees)
  local facts, stack, expiresAt = {}, {}, nil
  for _, step in ipairs(program) do
    local kind, jobId = step[1], step[2]
    if JOIN[kind] then
      JOIN[kind](stack)
    else
      if facts[jobId] == nil then facts[jobId] = factsOf(jobId, sees) or cjson.null end
      local known = facts[jobId]
      local value = known == cjson.null and 0 or (ASK[kind](known, step[3]) and 1 or -1)
      stack[#stack + 1] = value
      if kind == "within" and value == 1 then
        local over = known.lastSuccessAt + step[3] + 1
        expiresAt = expiresAt and math.min(expiresAt, over) or over
      end
    end
  end
  return { isTrue = stack[1] == 1, facts = facts, expiresAt = expiresAt }
end

-- The job's condition as it is now; evaluated once in an admission, and again after a start.
local function judge(job)
  job.judged = job.judged or runProgram(job.condition.program, job.condition.sees)
  return job.judged
end

-- The jobs that a condition names if it waits, each once.
local function waitsFor(condition)
  local list, seen = {}, {}
  if not condition or not condition.waitMs then return list end
  for _, step in ipairs(condition.program) do
    if step[2] and not seen[step[2]] then
      seen[step[2]] = true
      list[#list + 1] = step[2]
    end
  end
  return list
end

-- Keeps the index of waiting conditions: which jobs to wake when a job starts, ends, comes or goes. The mark `dp` at the named
-- job saves all other jobs the look-up.
local function linkCondition(jobId, before, after)
  for _, named in ipairs(waitsFor(before)) do
    call("SREM", dependentsKey(named), jobId)
    if call("EXISTS", dependentsKey(named)) == 0 then call("HDEL", jobKey(named), "dp") end
  end
  for _, named in ipairs(waitsFor(after)) do
    call("SADD", dependentsKey(named), jobId)
    if call("EXISTS", jobKey(named)) == 1 then call("HSET", jobKey(named), "dp", 1) end
  end
end

return { judge = judge, linkCondition = linkCondition }

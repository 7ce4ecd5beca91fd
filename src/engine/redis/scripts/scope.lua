-- Scopes: the owners whose jobs a request may be about. What is out of its scope is for it as what does not exist. Nil: everything
-- is in it.

local function isInScope(scope, owner)
  if not scope then return true end
  for _, each in ipairs(scope) do
    if each == owner then return true end
  end
  return false
end

-- Whether there is such a job in a scope; without one, always.
local function isJobInScope(scope, jobId)
  return not scope or isInScope(scope, call("HGET", jobKey(jobId), "ow"))
end

-- In front of every script of a name, behind common.lua. KEYS[1] is the index of
-- the name: a sorted set, all scores 0, of
--   6 bytes hash of the SessionIndex, 33 bytes session id, 4 bytes end in seconds
-- so that the sessions of one SessionIndex stand together. Beside it lies a
-- sorted set of logouts, by number: 'a' or 'i' and 6 bytes, and when issued.
local index, logouts = KEYS[1], prefix .. 'l'
local beyond = string.rep('\255', 5) -- sorts behind every end

-- ends returns when an entry is over, in seconds; what is no entry is over.
local function ends(entry)
  if #entry ~= 43 then return 0 end
  return (struct.unpack('>I4', entry, 40))
end

-- entries returns those of one session: one, unless somebody meddled.
local function entries(own)
  return redis.call('ZRANGE', index, '[' .. own, '[' .. own .. beyond, 'BYLEX', 'LIMIT', 0, 10)
end

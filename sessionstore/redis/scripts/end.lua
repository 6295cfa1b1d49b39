-- Store.End. ARGV: id, reason. Returns now and the record, or false. Who asks
-- again after a lost answer finds nothing, so the end is told in any case.
local id = ARGV[4]
local raw = redis.call('GET', session(id))
local h = live(raw)
drop(id, h and h.known and person_index(h.person))
publish('session:' .. id, ARGV[5])
if h then return {now, raw} end
return false

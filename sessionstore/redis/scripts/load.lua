-- Store.Load. ARGV: id. Returns now, the record, what is noted of its person, and
-- how many sessions of the person were created later; or false.
local raw = redis.call('GET', session(ARGV[4]))
local h = live(raw)
if not h then return false end
if not h.known then return {now, raw, '', 0} end
local later = redis.call('ZREVRANK', person_index(h.person), ARGV[4])
return {now, raw, redis.call('GET', person_note(h.person)) or '', later or 0}

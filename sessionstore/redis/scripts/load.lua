-- Store.Load. ARGV: id. Returns now and the record, or false.
local raw = redis.call('GET', session(ARGV[4]))
if live(raw) then return {now, raw} end
return false

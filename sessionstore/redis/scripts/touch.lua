-- Store.Touch. ARGV: id, age of the use. Returns 1, or 0 when nothing is live.
local id = ARGV[4]
local h = live(header(id))
if not h or not h.known then return 0 end
h.used = math.max(h.used, now - math.max(0, tonumber(ARGV[5])))
-- PEXPIREAT comes first: it works with memory full, and what a script writes
-- after its first write does too.
redis.call('PEXPIREAT', session(id), over(h))
redis.call('SETRANGE', session(id), 9, struct.pack('>I8', h.used))
redis.call('ZADD', bucket_index, over(h), id)
-- A gateway of an older release lets no index live on. What was created since an
-- index was lost is younger than what is missing.
local index = person_index(h.person)
if not redis.call('ZREVRANK', index, id) then
  local first = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')
  redis.call('ZADD', index, (first[2] or 0) - 1, id)
end
grow(index, over(h))
grow(bucket_index, over(h))
return 1

-- Names.NoteLogout. ARGV: memory, most, logouts.
local memory = tonumber(ARGV[4])
redis.call('UNLINK', prefix .. 'none') -- no such key: see endall.lua, an end must not need memory
-- Microseconds of the clock, but always more than before.
local number = clock[1] * 1000000 + clock[2]
local last = redis.call('ZRANGE', logouts, -1, -1, 'WITHSCORES')
if last[2] then number = math.max(number, last[2] + 1) end
for i = 6, #ARGV do redis.call('ZADD', logouts, string.format('%.0f', number), ARGV[i]) end
local function forget(these)
  for _, gone in ipairs(these) do redis.call('ZREM', logouts, gone) end
end
forget(redis.call('ZRANGE', logouts, '-inf', string.format('%.0f', clock[1] * 1000000 - memory * 1000), 'BYSCORE', 'LIMIT', 0, 50))
forget(redis.call('ZRANGE', logouts, 0, -1 - tonumber(ARGV[5])))
grow(logouts, now + memory)
return 1

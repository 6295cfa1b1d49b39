-- Store.Keep. KEYS: where. ARGV: value, lifetime. Returns what is kept there.
local clock = redis.call('TIME')
local till = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[2])
local kept = redis.call('GET', KEYS[1])
if not kept then
  redis.call('SET', KEYS[1], ARGV[1], 'PXAT', till)
  return ARGV[1]
end
redis.call('PEXPIREAT', KEYS[1], till)
return kept

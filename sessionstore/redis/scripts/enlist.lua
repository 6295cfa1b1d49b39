-- Names.Enlist. ARGV: entry without its end, lifetime, memory of logouts. Returns
-- number and bytes of each logout that concerns it.
local own = ARGV[4]
local over_at = math.ceil((now + tonumber(ARGV[5])) / 1000)
if #entries(own) == 0 then
  redis.call('ZADD', index, 0, own .. struct.pack('>I4', over_at))
end
-- Each that is added looks at twenty others, from its own place on, which is as
-- good as random; so what is over never becomes many.
local others = redis.call('ZRANGE', index, '(' .. own .. beyond, '+', 'BYLEX', 'LIMIT', 0, 20)
if #others < 20 then
  for _, first in ipairs(redis.call('ZRANGE', index, '-', '+', 'BYLEX', 'LIMIT', 0, 20 - #others)) do others[#others + 1] = first end
end
for _, other in ipairs(others) do
  if ends(other) * 1000 <= now then redis.call('ZREM', index, other) end
end
grow(index, over_at * 1000)

local reply, mine = {}, 'i' .. own:sub(1, 6)
local all = redis.call('ZRANGE', logouts, 0, -1, 'WITHSCORES')
for i = 1, #all, 2 do
  local kind = all[i]:sub(1, 1)
  if (kind == 'a' or all[i]:sub(1, 7) == mine) and now < all[i + 1] / 1000 + tonumber(ARGV[6]) then
    reply[#reply + 1] = all[i + 1]
    reply[#reply + 1] = all[i]
  end
end
return reply

-- Store.EndAll. ARGV: person, reason, most. Returns now, then id and record of
-- each live session, at most `most`. Those beyond end by the epoch alone.
local index = person_index(ARGV[4])
local reply = {now}
for _, id in ipairs(redis.call('ZRANGE', index, 0, tonumber(ARGV[6]) - 1)) do
  local raw = redis.call('GET', session(id))
  if live(raw) then
    reply[#reply + 1] = id
    reply[#reply + 1] = raw
  end
  drop(id)
end
-- Before INCR, which is refused as first write with memory full: an end must
-- not need memory.
redis.call('UNLINK', index)
local epoch = redis.call('INCR', person_epoch(ARGV[4]))
publish('person:' .. ARGV[4], ARGV[5] .. ' ' .. epoch)
return reply

-- Store.List. ARGV: person, most. Returns now, then id and record of each.
local index = person_index(ARGV[4])
local reply = {now}
for _, id in ipairs(redis.call('ZRANGE', index, 0, tonumber(ARGV[5]) - 1)) do
  local raw = redis.call('GET', session(id))
  if live(raw) then
    reply[#reply + 1] = id
    reply[#reply + 1] = raw
  else
    drop(id, index)
  end
end
return reply

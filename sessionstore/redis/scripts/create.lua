-- Store.Create. ARGV: id, person, epoch of the person, epoch of the bucket, idle,
-- interval, lifetime, limit, policy, replaced id or '', header from the epochs on
-- with the body, freed id or ''. Returns 'moved', 'limit', or
-- 'ok', now, record, then id, reason and record of each that it ended.
local id, person, replaces, frees = ARGV[4], ARGV[5], ARGV[13], ARGV[15]
local idle, interval, expires = tonumber(ARGV[8]), tonumber(ARGV[9]), now + tonumber(ARGV[10])
local limit, index = tonumber(ARGV[11]), person_index(person)

local own = redis.call('GET', session(id))
if live(own) then return {'ok', now, own} end -- a repetition
if count(person_epoch(person)) ~= tonumber(ARGV[6]) or count(bucket_epoch) ~= tonumber(ARGV[7]) then
  return {'moved'}
end

if frees ~= '' then -- of the same person alone
  local h = live(header(frees))
  if frees == replaces or not h or h.known and h.person ~= person or not redis.call('ZREVRANK', index, frees) then frees = '' end
end

-- Without a limit nobody needs the whole count: tidy up the oldest alone.
local upto = -1
if limit == 0 then upto = 49 end
local alive = {}
for _, old in ipairs(redis.call('ZRANGE', index, 0, upto)) do
  local h = live(header(old))
  if not h then
    drop(old, index)
  elseif old ~= replaces and old ~= frees then
    alive[#alive + 1] = {id = old, used = h.used or 0, rank = #alive}
  end
end
local excess = 0
if limit > 0 then excess = #alive + 1 - limit end
local policy = ARGV[12]
if excess > 0 and policy ~= 'evict_oldest' and policy ~= 'evict_idle' then return {'limit'} end
if excess > 0 and policy == 'evict_idle' then
  table.sort(alive, function(a, b)
    if a.used ~= b.used then return a.used < b.used end
    return a.rank < b.rank
  end)
end

local reply = {'ok', now, ''}
local function finish(old, why, from)
  for _, part in ipairs({old, why, redis.call('GET', session(old))}) do reply[#reply + 1] = part end
  drop(old, from)
  publish('session:' .. old, why)
end
for i = 1, excess do finish(alive[i].id, 'evicted', index) end
if replaces ~= '' then
  local h = live(header(replaces))
  if h then finish(replaces, 'replaced', h.known and person_index(h.person) or index) end
end
if frees ~= '' then finish(frees, 'self', index) end

local h = {used = now, idle = idle, interval = interval, expires = expires}
local record = format .. struct.pack('>I8I8I8I8I8', now, now, idle, interval, expires) .. ARGV[14]
redis.call('SET', session(id), record, 'PXAT', over(h))
-- By number, not by time: an index of few is then smaller by a quarter, and none
-- has the number of another.
local last = redis.call('ZRANGE', index, -1, -1, 'WITHSCORES')
redis.call('ZADD', index, (last[2] or 0) + 1, id)
redis.call('ZADD', bucket_index, over(h), id)
grow(index, over(h))
grow(bucket_index, over(h))
reply[3] = record

for _, gone in ipairs(redis.call('ZRANGE', bucket_index, '-inf', now, 'BYSCORE', 'LIMIT', 0, 50)) do
  local left = live(header(gone))
  if not left then
    drop(gone)
  elseif left.known then
    redis.call('ZADD', bucket_index, over(left), gone)
  end
end
return reply

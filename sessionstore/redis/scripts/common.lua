-- In front of every script. KEYS[1] is a key of the bucket that the script
-- works in; all keys it touches carry the hash tag of that bucket.
local prefix, channel, format = ARGV[1], ARGV[2], ARGV[3]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function session(id) return prefix .. 's:' .. id end
local function person_index(hash) return prefix .. 'p:' .. hash end
local function person_epoch(hash) return prefix .. 'e:' .. hash end
local function person_note(hash) return prefix .. 'n:' .. hash end
local bucket_index = prefix .. 'x'
local bucket_epoch = prefix .. 'e'

-- count returns an epoch as it was when the script began.
local counted = {}
local function count(key)
  counted[key] = counted[key] or tonumber(redis.call('GET', key) or '0')
  return counted[key]
end

-- The end of a record: see Record.End in Go.
local function over(h) return math.min(h.used + h.idle + h.interval, h.expires) end

-- live reads the header at the front of raw (false when there is no record).
-- It returns nil for what is over, and a table with known = false for a record
-- of another release, of which nothing else can be said.
local function live(raw)
  if not raw or raw == '' then return nil end
  if raw:sub(1, 1) ~= format then return {known = false} end
  if #raw < 100 then return nil end
  local h = {known = true, person = raw:sub(58, 100)}
  local p, b
  h.created, h.used, h.idle, h.interval, h.expires, p, b = struct.unpack('>I8I8I8I8I8I8I8', raw, 2)
  if now >= over(h) or p ~= count(person_epoch(h.person)) or b ~= count(bucket_epoch) then return nil end
  return h
end

local function header(id) return redis.call('GETRANGE', session(id), 0, 99) end

-- drop frees what is left of a record and tells nobody.
local function drop(id, index)
  redis.call('UNLINK', session(id))
  redis.call('ZREM', bucket_index, id)
  if index then redis.call('ZREM', index, id) end
end

local function publish(what, why) redis.call('PUBLISH', channel, what .. ' ' .. why) end

-- grow lets an index live until at, if it would not live longer already. What it
-- leads to lives until then too: with its last session an index goes by itself,
-- even if nobody comes back.
local function grow(key, at)
  if redis.call('PEXPIRETIME', key) < at then redis.call('PEXPIREAT', key, at) end
end

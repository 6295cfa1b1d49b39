-- Notes.SetNote. ARGV: person, old value or '', new value or ''. Returns 1, or 0
-- when something else is noted.
local key = person_note(ARGV[4])
local noted = redis.call('GET', key) or ''
if noted ~= ARGV[6] then
  if noted ~= ARGV[5] then return 0 end
  if ARGV[6] == '' then redis.call('UNLINK', key) else redis.call('SET', key, ARGV[6]) end
end
publish('review:' .. ARGV[4], 'unknown')
return 1

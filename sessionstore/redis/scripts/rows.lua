-- Index.Rows. ARGV: ids. Returns now, then id, record and what is noted of the
-- person for each live session.
local reply = {now}
for i = 4, #ARGV do
  local raw = redis.call('GET', session(ARGV[i]))
  local h = live(raw)
  if h and h.known then
    reply[#reply + 1] = ARGV[i]
    reply[#reply + 1] = raw
    reply[#reply + 1] = redis.call('GET', person_note(h.person)) or ''
  end
end
return reply

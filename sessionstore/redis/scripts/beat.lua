-- The heartbeat of a watch. ARGV: channel that nobody else listens to, number.
-- The key is a proof for us: a server that takes no writes does not get to the
-- publication.
redis.call('UNLINK', prefix .. 'none') -- no such key: see endall.lua, full memory is no loss
redis.call('SET', prefix .. 'beat', '', 'PX', 10000)
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1

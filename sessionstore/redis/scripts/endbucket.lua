-- Store.EndBucket. ARGV: bucket, reason.
redis.call('UNLINK', prefix .. 'none') -- no such key: see endall.lua, an end must not need memory
local epoch = redis.call('INCR', bucket_epoch)
publish('bucket:' .. ARGV[4], ARGV[5] .. ' ' .. epoch)
return 1

-- Names.Delist. ARGV: entries without their ends.
for i = 4, #ARGV do
  for _, entry in ipairs(entries(ARGV[i])) do redis.call('ZREM', index, entry) end
end
return 1

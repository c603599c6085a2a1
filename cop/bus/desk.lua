-- Adds entries to a book of the desk, if nobody wrote in it meanwhile, and keeps it short.
-- KEYS[1] the book, a stream; ARGV[1] the id of the last entry that the writer knows, or '' for whatever stands there;
-- ARGV[2] how many entries it has at most, '0' for all, 'renew' for these alone; ARGV[3…] the entries, in order.
-- Returns the id of the last one, or false when the book has another end than the writer knows.
local last = '0-0'
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if info.err == nil then
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      last = info[i + 1]
    end
  end
end
if ARGV[1] ~= '' and ARGV[1] ~= last then
  return false
end
local first
local id
for i = 3, #ARGV do
  id = redis.call('XADD', KEYS[1], '*', 'd', ARGV[i])
  first = first or id
end
if ARGV[2] == 'renew' then
  redis.call('XTRIM', KEYS[1], 'MINID', first)
elseif ARGV[2] ~= '0' then
  redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[2])
end
return id

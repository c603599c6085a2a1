-- Adds events to a stream under contiguous ids with an epoch.
-- KEYS[1] the stream; ARGV the events in their wire form, in order. Returns the id of the last one: <epoch>-<offset>.
--
-- The id's first half is the epoch, the second the offset. Redis itself counts the offset (XADD <epoch>-*), so it is
-- contiguous by construction; the epoch is taken from the last id, which outlives trimming, and made anew from the
-- server's clock only when there is no stream: then readers know that the stream was lost and started anew.
local epoch
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if info.err == nil then
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      epoch = string.match(info[i + 1], '^(%d+)')
    end
  end
else
  local time = redis.call('TIME')
  epoch = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
end
local id
for i = 1, #ARGV do
  id = redis.call('XADD', KEYS[1], epoch .. '-*', 'e', ARGV[i])
end
return id

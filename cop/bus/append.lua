-- Adds events to a stream under contiguous ids with an epoch.
-- KEYS[1] the stream; ARGV the events in their wire form, in order. Returns the id of the last one: <epoch>-<offset>.
--
-- The id's first half is the epoch, the second the offset. Redis itself counts the offset (XADD <epoch>-*), so it is
-- contiguous by construction; the epoch is taken from the last id, which outlives trimming, and made anew from the
-- server's clock only when there is no stream: then readers know that the stream was lost and started anew.
-- Each entry also says when it was taken (t, ms): along a stream these never decrease, so age can be found by bisection.
local epoch
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if info.err == nil then
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      epoch = string.match(info[i + 1], '^(%d+)')
    end
  end
else
  epoch = now
end
local id
for i = 1, #ARGV do
  id = redis.call('XADD', KEYS[1], epoch .. '-*', 'e', ARGV[i], 't', now)
end
return id

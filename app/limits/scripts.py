"""The decisions as Redis makes them: each is one script, hence one round trip and indivisible.

Redis's own clock counts, in microseconds; numbers are formatted by hand because Lua would round a
time to 14 digits. Keys end by themselves once they say nothing any more.
"""

# KEYS[1]: the caller's requests, scored by time. ARGV[1]: this one's name, empty to count none;
# then the rules as pairs of maximum and seconds. Answers for each rule how many it counted before
# this request, and the age of the oldest in microseconds; last, whether this one was counted.
WINDOWS = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local longest, allowed, answer = 0, 1, {}
for i = 2, #ARGV, 2 do
  longest = math.max(longest, ARGV[i + 1] * 1000000)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - longest))
for i = 2, #ARGV, 2 do
  local since = '(' .. string.format('%.0f', now - ARGV[i + 1] * 1000000)
  local counted = redis.call('ZCOUNT', KEYS[1], since, '+inf')
  local age = 0
  if counted > 0 then
    local oldest = redis.call('ZRANGEBYSCORE', KEYS[1], since, '+inf',
                              'WITHSCORES', 'LIMIT', 0, 1)
    age = now - tonumber(oldest[2])
  end
  if counted >= tonumber(ARGV[i]) then allowed = 0 end
  answer[#answer + 1] = counted
  answer[#answer + 1] = age
end
if ARGV[1] ~= '' and allowed == 1 then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', longest / 1000 + 1000))
end
answer[#answer + 1] = allowed
return answer
"""

# KEYS[1]: what is left of the caller's budget and when. ARGV: its size, seconds from empty to full,
# the cost. Answers whether it was taken, and the level then in thousandths.
BUDGET = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local size, cost = tonumber(ARGV[1]), tonumber(ARGV[3])
local rate = size / (ARGV[2] * 1000000)
local known = redis.call('HMGET', KEYS[1], 'level', 'at')
local level = size
if known[1] then
  level = math.min(size, known[1] + math.max(0, now - known[2]) * rate)
end
local allowed = 0
if level >= math.min(cost, size) then
  allowed = 1
  level = level - cost
end
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', level),
           'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', (size - level) / rate / 1000 + 1000))
return {allowed, math.floor(level * 1000)}
"""

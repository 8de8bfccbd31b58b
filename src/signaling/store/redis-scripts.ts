/**
 * What must happen in one step, run inside Redis. A session is a hash and a list of its messages; each gateway has a set of the ids
 * of its sessions, which only serves to find them and may lag behind.
 */
import { MAX_STORED_MESSAGES, SESSION_TTL_MS } from './session-store.js';

/** Sets of session ids end this long after their last change or renewal. */
export const OWNED_TTL_MS = 600_000;

/** Keys: session, history, owned. Arguments: id, owner, createdAtMs, options, live, seats, messages, then the history. */
export const PUT = `
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= ARGV[2] then return 'foreign' end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'owner', ARGV[2], 'createdAtMs', ARGV[3], 'options', ARGV[4],
  'live', ARGV[5], 'seats', ARGV[6], 'messages', ARGV[7])
for i = 8, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ${SESSION_TTL_MS})
redis.call('PEXPIRE', KEYS[2], ${SESSION_TTL_MS})
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('PEXPIRE', KEYS[3], ${OWNED_TTL_MS})
return 'written'`;

/** Keys: session, history. Arguments: owner, live or '', seats or '', from, then messages. */
export const UPDATE = `
local owner = redis.call('HGET', KEYS[1], 'owner')
if not owner then return 'missing' end
if owner ~= ARGV[1] then return 'foreign' end
local count = tonumber(redis.call('HGET', KEYS[1], 'messages'))
local from = tonumber(ARGV[4])
if from > count then return 'gap' end
for i = 5 + count - from, #ARGV do
  redis.call('RPUSH', KEYS[2], ARGV[i])
  count = count + 1
end
redis.call('LTRIM', KEYS[2], -${MAX_STORED_MESSAGES}, -1)
redis.call('PEXPIRE', KEYS[2], redis.call('PTTL', KEYS[1]))
redis.call('HSET', KEYS[1], 'messages', count)
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'live', ARGV[2]) end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'seats', ARGV[3]) end
return 'written'`;

/** Keys: session, history, owned of the old and of the new owner. Arguments: id, old owner, new owner. */
export const CLAIM = `
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'owner', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ${SESSION_TTL_MS})
redis.call('PEXPIRE', KEYS[2], ${SESSION_TTL_MS})
redis.call('SREM', KEYS[3], ARGV[1])
redis.call('SADD', KEYS[4], ARGV[1])
redis.call('PEXPIRE', KEYS[4], ${OWNED_TTL_MS})
return 1`;

/** Keys: session, history, owned. Arguments: id, owner. */
export const REMOVE = `
redis.call('SREM', KEYS[3], ARGV[1])
if redis.call('HGET', KEYS[1], 'owner') == ARGV[2] then redis.call('DEL', KEYS[1], KEYS[2]) end
return 1`;

/**
 * Keys: transcript, ids of ended sessions by their end. Arguments: id, transcript, how long to keep it in ms (0: not), end in ms since 1970
 * or '', how many of ended sessions, what the keys of transcripts begin with.
 */
export const KEEP = `
if tonumber(ARGV[3]) <= 0 then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
  return 1
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if ARGV[4] == '' then return 1 end
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -(tonumber(ARGV[5]) + 1))) do
  redis.call('ZREM', KEYS[2], id)
  redis.call('DEL', ARGV[6] .. id)
end
redis.call('PEXPIRE', KEYS[2], math.max(tonumber(ARGV[3]), redis.call('PTTL', KEYS[2])))
return 1`;

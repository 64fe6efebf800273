@0xbeaf615a21a63f9a;
# Jobs: what is asked of a unit, and what came of it.
#
# Fields are only ever added. Lengths are in bytes, times in nanoseconds.

enum Compression {
  none @0;
  brotli @1;
}

enum Encryption {
  none @0;
  chacha20Poly1305 @1;
  xchacha20Poly1305 @2;
}

# Bytes of the memory that sender and receiver share.
struct MemoryRef {
  space @0 :UInt32;
  # 0 none, 1 the lane's buffer, 2^31 + id a section, 2^30 + id a block of an arena; as in a
  # submission. Of a block that is there, offset and length are the handle's offset and generation; of
  # one to be made, 0 and the most bytes, 0 for no limit.
  offset @1 :UInt32;
  length @2 :UInt32;
}

# Bytes: what they are, and where.
struct Resource {
  digest @0 :Data;
  # BLAKE3 of the bytes as they are used, 32 bytes; empty if nobody computed it. Of an input it is
  # verified.
  length @1 :UInt64;
  # Of the bytes as they are used. Of an input that is neither compressed nor encrypted nor in a block,
  # 0 says nothing; anything else must be true.
  storedLength @2 :UInt64;
  # Of the bytes as they lie where they are: compressed first, encrypted then. The same holds.
  compression @3 :Compression;
  encryption @4 :Encryption;
  key @5 :UInt64;
  # Handle of the key they are encrypted with; never the key.
  nonce @6 :Data;
  union {
    nothing @7 :Void;
    inline @8 :Data;
    memory @9 :MemoryRef;
    chunk @10 :Void;
    # In a store, under the digest.
  }
}

# A parameter. Which type it has is its method's to say: a member of another type is refused.
struct Param {
  name @0 :Text;
  union {
    unsigned @1 :UInt64;
    float @2 :Float64;
    flag @3 :Bool;
    text @4 :Text;
    data @5 :Data;
  }
}

# The parameters of a call: the same members as the JSON object has. One that is missing has its
# default.
struct Params {
  members @0 :List(Param);
}

# What a job may use. 0 is no limit.
struct Limits {
  timeout @0 :UInt64;
  # From the acceptance on.
  credits @1 :UInt64;
  resultLength @2 :UInt64;
}

struct JobRequest {
  id @0 :UInt64;
  # The sender's; given back in the result.
  unit @1 :Text;
  method @2 :Text;
  input @3 :Resource;
  params :union {
    none @4 :Void;
    json @5 :Text;
    members @6 :Params;
  }
  output @7 :MemoryRef;
  # Where the result goes; with space 0 it comes with the answer.
  limits @8 :Limits;
}

struct JobError {
  code @0 :UInt32;
  # The status of a completion: up to 65,535 the unit's, above the service's.
  message @1 :Text;
  needed @2 :UInt64;
  # For a result that is too long: its length, or at least the bound that is known of it.
  capacity @3 :UInt64;
  # And the room it was given.
}

struct JobResult {
  id @0 :UInt64;
  union {
    error @1 :JobError;
    output @2 :Resource;
  }
  cost @3 :UInt64;
  # Credits spent, by a job that failed too.
  queued @4 :UInt64;
  # From the acceptance until it began.
  ran @5 :UInt64;
  bytesIn @6 :UInt64;
  bytesOut @7 :UInt64;
  bytesCopied @8 :UInt64;
  # Between shared memory and private memory, for safety or for want of a place; what an input was
  # opened into, and a result that was moved to a shorter block, too.
}

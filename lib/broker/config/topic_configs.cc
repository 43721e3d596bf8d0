// SPDX-License-Identifier: Apache-2.0
// The table of topic configs.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/broker/config/definition.h"

namespace eventd {

namespace {

using enum ConfigType;

constexpr std::string_view kForever = "9223372036854775807";
constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kHourMs = 3'600'000;

std::string_view gzip_level_fault(std::string_view value) {
  return number_of(value) == 0 ? "it must be between 1 and 9, or -1" : "";
}

// "*", or pairs of a partition and a broker.
std::string_view throttled_fault(std::string_view value) {
  if (value == "*") return "";
  for (const std::string& pair : list_of(value)) {
    size_t colon = pair.find(':');
    bool fits = colon != std::string::npos &&
                parse_number<uint32_t>(std::string_view(pair).substr(0, colon)) &&
                parse_number<uint32_t>(std::string_view(pair).substr(colon + 1));
    if (!fits) return "it is neither * nor a list of PARTITION:BROKER";
  }
  return "";
}

std::vector<ConfigDefinition> make_table() {
  std::vector<ConfigDefinition> table = {
      {.name = "cleanup.policy",
       .type = list,
       .default_value = "delete",
       .allowed = {"compact", "delete"},
       .synonyms = {{"log.cleanup.policy"}},
       .documentation =
           "What happens to old segments: they are deleted, compacted, both, or kept."},
      {.name = "compression.gzip.level",
       .type = int32,
       .default_value = "-1",
       .min = -1,
       .max = 9,
       .fault = gzip_level_fault,
       .synonyms = {{"compression.gzip.level"}},
       .documentation = "The level for compression.type gzip; -1 is gzip's own default."},
      {.name = "compression.lz4.level",
       .type = int32,
       .default_value = "9",
       .min = 1,
       .max = 17,
       .synonyms = {{"compression.lz4.level"}},
       .documentation = "The level for compression.type lz4."},
      {.name = "compression.type",
       .type = string,
       .default_value = "producer",
       .allowed = {"uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"},
       .synonyms = {{"compression.type"}},
       .documentation = "How batches are stored; producer: as they come."},
      {.name = "compression.zstd.level",
       .type = int32,
       .default_value = "3",
       .min = -131072,
       .max = 22,
       .synonyms = {{"compression.zstd.level"}},
       .documentation = "The level for compression.type zstd."},
      {.name = "delete.retention.ms",
       .type = int64,
       .default_value = "86400000",
       .min = 0,
       .synonyms = {{"log.cleaner.delete.retention.ms"}},
       .documentation = "How long compaction keeps the mark of a deleted key."},
      {.name = "file.delete.delay.ms",
       .type = int64,
       .default_value = "60000",
       .min = 0,
       .synonyms = {{"log.segment.delete.delay.ms"}},
       .documentation = "How long a deleted file stays on the disk."},
      {.name = "flush.messages",
       .type = int64,
       .default_value = "1",
       .min = 1,
       .synonyms = {{"log.flush.interval.messages"}},
       .documentation = "After how many records the log is synced. 1: consumers and acks=all see "
                        "only what was synced, many records together."},
      {.name = "flush.ms",
       .type = int64,
       .default_value = kForever,
       .min = 0,
       .synonyms = {{"log.flush.interval.ms"}, {"log.flush.scheduler.interval.ms"}},
       .documentation = "After what time a record is synced, where flush.messages is more than 1."},
      {.name = "follower.replication.throttled.replicas",
       .type = list,
       .default_value = "",
       .fault = throttled_fault,
       .documentation = "PARTITION:BROKER pairs whose replication is throttled at the follower."},
      {.name = "index.interval.bytes",
       .type = int32,
       .default_value = "4096",
       .min = 0,
       .synonyms = {{"log.index.interval.bytes"}},
       .documentation = "How many bytes of batches lie between two entries of an index."},
      {.name = "internal.segment.bytes",
       .type = int32,
       .min = 1,
       .internal = true,
       .documentation = "For tests: segment.bytes, without its lower bound."},
      {.name = "leader.replication.throttled.replicas",
       .type = list,
       .default_value = "",
       .fault = throttled_fault,
       .documentation = "PARTITION:BROKER pairs whose replication is throttled at the leader."},
      {.name = "local.retention.bytes",
       .type = int64,
       .default_value = "-2",
       .min = -2,
       .synonyms = {{"log.local.retention.bytes"}},
       .documentation = "What a tiered topic keeps here; -2: as retention.bytes."},
      {.name = "local.retention.ms",
       .type = int64,
       .default_value = "-2",
       .min = -2,
       .synonyms = {{"log.local.retention.ms"}},
       .documentation = "How long a tiered topic keeps records here; -2: as retention.ms."},
      {.name = "max.compaction.lag.ms",
       .type = int64,
       .default_value = kForever,
       .min = 1,
       .synonyms = {{"log.cleaner.max.compaction.lag.ms"}},
       .documentation = "After what time a record must have been compacted."},
      {.name = "max.message.bytes",
       .type = int32,
       .default_value = "1048588",
       .min = 0,
       .synonyms = {{"message.max.bytes"}},
       .documentation = "How large a batch may be, as it is sent."},
      {.name = "message.timestamp.after.max.ms",
       .type = int64,
       .default_value = "3600000",
       .min = 0,
       .synonyms = {{"log.message.timestamp.after.max.ms"}},
       .documentation = "How far a timestamp may be ahead of the broker's clock."},
      {.name = "message.timestamp.before.max.ms",
       .type = int64,
       .default_value = kForever,
       .min = 0,
       .synonyms = {{"log.message.timestamp.before.max.ms"}},
       .documentation = "How far a timestamp may be behind the broker's clock."},
      {.name = "message.timestamp.type",
       .type = string,
       .default_value = "CreateTime",
       .allowed = {"CreateTime", "LogAppendTime"},
       .synonyms = {{"log.message.timestamp.type"}},
       .documentation = "Whether records carry the producer's time or that of their append."},
      {.name = "min.cleanable.dirty.ratio",
       .type = float64,
       .default_value = "0.5",
       .min = 0,
       .max = 1,
       .synonyms = {{"log.cleaner.min.cleanable.ratio"}},
       .documentation = "The part of a log that must be new before it is compacted."},
      {.name = "min.compaction.lag.ms",
       .type = int64,
       .default_value = "0",
       .min = 0,
       .synonyms = {{"log.cleaner.min.compaction.lag.ms"}},
       .documentation = "How long a record is safe from compaction."},
      {.name = "min.insync.replicas",
       .type = int32,
       .default_value = "1",
       .min = 1,
       .synonyms = {{"min.insync.replicas"}},
       .documentation = "How many replicas must have a batch that is produced with acks=all."},
      {.name = "preallocate",
       .type = boolean,
       .default_value = "false",
       .synonyms = {{"log.preallocate"}},
       .documentation = "Whether a segment's file has its full size from the start."},
      {.name = "remote.log.copy.disable",
       .type = boolean,
       .default_value = "false",
       .documentation = "Whether a tiered topic copies nothing more to the remote store."},
      {.name = "remote.log.delete.on.disable",
       .type = boolean,
       .default_value = "false",
       .documentation = "Whether the remote store is emptied when tiering is switched off."},
      {.name = "remote.storage.enable",
       .type = boolean,
       .default_value = "false",
       .documentation = "Tiered storage, which this broker does not have."},
      {.name = "retention.bytes",
       .type = int64,
       .default_value = "-1",
       .synonyms = {{"log.retention.bytes"}},
       .documentation = "How large a partition grows before old segments go; -1: without end."},
      {.name = "retention.ms",
       .type = int64,
       .default_value = "604800000",
       .min = -1,
       .synonyms = {{"log.retention.ms"},
                    {"log.retention.minutes", kMinuteMs},
                    {"log.retention.hours", kHourMs}},
       .documentation = "How old records become before their segment goes; -1: without end."},
      {.name = "segment.bytes",
       .type = int32,
       .default_value = "1073741824",
       .min = 1 << 20,
       .synonyms = {{"log.segment.bytes"}},
       .documentation = "How large a segment becomes."},
      {.name = "segment.index.bytes",
       .type = int32,
       .default_value = "10485760",
       .min = 4,
       .synonyms = {{"log.index.size.max.bytes"}},
       .documentation = "How large the index of a segment becomes."},
      {.name = "segment.jitter.ms",
       .type = int64,
       .default_value = "0",
       .min = 0,
       .synonyms = {{"log.roll.jitter.ms"}, {"log.roll.jitter.hours", kHourMs}},
       .documentation = "How much sooner than segment.ms a segment may be closed, at random."},
      {.name = "segment.ms",
       .type = int64,
       .default_value = "604800000",
       .min = 1,
       .synonyms = {{"log.roll.ms"}, {"log.roll.hours", kHourMs}},
       .documentation = "After what time a segment is closed, full or not."},
      {.name = "unclean.leader.election.enable",
       .type = boolean,
       .default_value = "false",
       .synonyms = {{"unclean.leader.election.enable"}},
       .documentation = "Whether a replica that may lack records can become the leader."},
  };
  std::ranges::sort(table, {}, &ConfigDefinition::name);
  return table;
}

}  // namespace

std::span<const ConfigDefinition> topic_configs() {
  static const std::vector<ConfigDefinition> kTable = make_table();
  return kTable;
}

}  // namespace eventd

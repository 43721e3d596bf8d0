// SPDX-License-Identifier: Apache-2.0
#include "tests/support/messages.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "lib/base/text.h"
#include "lib/wire/messages/api_versions.h"
#include "lib/wire/messages/configs.h"
#include "lib/wire/messages/control_records.h"
#include "lib/wire/messages/fetch.h"
#include "lib/wire/messages/find_coordinator.h"
#include "lib/wire/messages/list_offsets.h"
#include "lib/wire/messages/log_dirs.h"
#include "lib/wire/messages/metadata.h"
#include "lib/wire/messages/metadata_records.h"
#include "lib/wire/messages/produce.h"
#include "lib/wire/messages/producer_id.h"
#include "lib/wire/messages/sasl.h"
#include "lib/wire/messages/topics.h"
#include "tests/support/hex.h"

namespace eventd {

namespace {

template <class M>
Result<Reading> read_message(Bytes body, int16_t version) {
  Result<M> message = decode<M>(body, version);
  if (!message) return pass(message);
  Reading reading;
  reading.json = to_json(*message, version);
  Writer writer(reading.bytes);
  reading.encoding = encode(*message, version, writer);
  reading.size_bytes = encoded_size(*message, version);
  return reading;
}

template <class M>
Result<size_t> size_of_prefix(Bytes bytes, int16_t version) {
  size_t size = 0;
  Result<M> message = decode_prefix<M>(bytes, version, size);
  if (!message) return pass(message);
  return size;
}

template <class M>
MessageKind kind_of() {
  MessageKind kind{message_name<M>(),  format_of<M>(),    std::nullopt, std::nullopt,
                   &read_message<M>, &size_of_prefix<M>, &schema<M>};
  if constexpr (requires { M::api; }) kind.api = M::api.key;
  if constexpr (requires { M::type; }) kind.record_type = M::type;
  return kind;
}

template <class... M>
struct List {};

using Requests =
    List<ProduceRequest, FetchRequest, ListOffsetsRequest, MetadataRequest, FindCoordinatorRequest,
         ApiVersionsRequest, CreateTopicsRequest, DeleteTopicsRequest, DeleteRecordsRequest,
         InitProducerIdRequest, OffsetForLeaderEpochRequest, DescribeConfigsRequest,
         AlterConfigsRequest, DescribeLogDirsRequest, CreatePartitionsRequest,
         IncrementalAlterConfigsRequest, DescribeClusterRequest, DescribeProducersRequest,
         ListConfigResourcesRequest, DescribeTopicPartitionsRequest, SaslHandshakeRequest,
         SaslAuthenticateRequest>;
using MetadataRecords =
    List<RegisterBrokerRecord, UnregisterBrokerRecord, TopicRecord, PartitionRecord, ConfigRecord,
         PartitionChangeRecord, FenceBrokerRecord, UnfenceBrokerRecord, RemoveTopicRecord,
         DelegationTokenRecord, UserScramCredentialRecord, FeatureLevelRecord, ClientQuotaRecord,
         ProducerIdsRecord, BrokerRegistrationChangeRecord, AccessControlEntryRecord,
         RemoveAccessControlEntryRecord, NoOpRecord, ZkMigrationStateRecord,
         RemoveUserScramCredentialRecord, BeginTransactionRecord, EndTransactionRecord,
         AbortTransactionRecord, RemoveDelegationTokenRecord, RegisterControllerRecord,
         ClearElrRecord>;
using ControlRecords = List<LeaderChangeMessage, SnapshotHeaderRecord, SnapshotFooterRecord,
                            KRaftVersionRecord, VotersRecord>;

template <class... M>
std::vector<MessageKind> kinds_of(List<M...>) {
  return {kind_of<M>()...};
}
template <class... M>
std::vector<MessageKind> response_kinds_of(List<M...>) {
  return {kind_of<typename M::Response>()...};
}

}  // namespace

std::span<const MessageKind> request_kinds() {
  static const auto kinds = kinds_of(Requests());
  return kinds;
}
std::span<const MessageKind> response_kinds() {
  static const auto kinds = response_kinds_of(Requests());
  return kinds;
}
std::span<const MessageKind> metadata_record_kinds() {
  static const auto kinds = kinds_of(MetadataRecords());
  return kinds;
}
std::span<const MessageKind> control_record_kinds() {
  static const auto kinds = kinds_of(ControlRecords());
  return kinds;
}

const MessageKind* message_kind(std::string_view name) {
  for (auto kinds :
       {request_kinds(), response_kinds(), metadata_record_kinds(), control_record_kinds()}) {
    for (const MessageKind& kind : kinds) {
      if (kind.name == name) return &kind;
    }
  }
  return nullptr;
}

std::vector<GoldenMessage> golden_messages(const std::string& file) {
  std::string path = TEST_SOURCE_DIR "/golden/messages/" + file;
  std::ifstream in(path);
  std::vector<GoldenMessage> all;
  GoldenMessage message;
  std::string line;
  while (std::getline(in, line)) {
    std::vector<std::string_view> words = split(line, ' ');
    if (words[0] == "json" || words[0] == "values") {
      message.fields = line.substr(words[0].size() + 1);
    } else if (words[0] == "bytes") {
      message.bytes = from_hex(std::string_view(line).substr(6));
      all.push_back(std::exchange(message, {}));
    } else if (words.size() == 3) {
      message.name = words[0];
      message.version = parse_number<int16_t>(words[1]).value_or(-1);
      message.filling = words[2];
    }
  }
  if (all.empty()) {
    std::fprintf(stderr, "%s holds no golden messages\n", path.c_str());
    std::abort();
  }
  return all;
}

}  // namespace eventd

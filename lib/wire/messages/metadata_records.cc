// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/messages/metadata_records.h"

#include "lib/wire/describe.h"

namespace eventd {

EVENTD_MESSAGE(RegisterBrokerRecord)
EVENTD_MESSAGE(UnregisterBrokerRecord)
EVENTD_MESSAGE(TopicRecord)
EVENTD_MESSAGE(PartitionRecord)
EVENTD_MESSAGE(ConfigRecord)
EVENTD_MESSAGE(PartitionChangeRecord)
EVENTD_MESSAGE(FenceBrokerRecord)
EVENTD_MESSAGE(UnfenceBrokerRecord)
EVENTD_MESSAGE(RemoveTopicRecord)
EVENTD_MESSAGE(DelegationTokenRecord)
EVENTD_MESSAGE(UserScramCredentialRecord)
EVENTD_MESSAGE(FeatureLevelRecord)
EVENTD_MESSAGE(ClientQuotaRecord)
EVENTD_MESSAGE(ProducerIdsRecord)
EVENTD_MESSAGE(BrokerRegistrationChangeRecord)
EVENTD_MESSAGE(AccessControlEntryRecord)
EVENTD_MESSAGE(RemoveAccessControlEntryRecord)
EVENTD_MESSAGE(NoOpRecord)
EVENTD_MESSAGE(ZkMigrationStateRecord)
EVENTD_MESSAGE(RemoveUserScramCredentialRecord)
EVENTD_MESSAGE(BeginTransactionRecord)
EVENTD_MESSAGE(EndTransactionRecord)
EVENTD_MESSAGE(AbortTransactionRecord)
EVENTD_MESSAGE(RemoveDelegationTokenRecord)
EVENTD_MESSAGE(RegisterControllerRecord)
EVENTD_MESSAGE(ClearElrRecord)

Result<MetadataRecordHead> parse_metadata_record_head(Bytes value) {
  Reader read(value);
  auto frame = read.uvarint<uint32_t>();
  auto type = read.uvarint<uint32_t>();
  auto version = read.uvarint<uint32_t>();
  if (read.failed() || type > INT16_MAX || version > INT16_MAX) {
    return fail(Code::bad_data, "a metadata record is cut short");
  }
  if (frame != kMetadataFrameVersion) {
    return fail(Code::unsupported_version, text("metadata frame version ", frame));
  }
  return MetadataRecordHead{static_cast<int16_t>(type), static_cast<int16_t>(version),
                            read.position()};
}

void write_metadata_record_head(int16_t type, int16_t version, Writer& out) {
  out.uvarint(kMetadataFrameVersion);
  out.uvarint(static_cast<uint32_t>(type));
  out.uvarint(static_cast<uint32_t>(version));
}

}  // namespace eventd

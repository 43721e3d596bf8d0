// SPDX-License-Identifier: Apache-2.0
// Replays metadata records into the next image.
//
// An unknown type or version of a record refuses the whole: whoever ignored it would serve another
// cluster than the one that was written. Records of a metadata transaction count when it ends; one
// that never does is dropped.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/cluster/image.h"
#include "lib/record/batch.h"

namespace eventd {

class ImageBuilder {
 public:
  // `in_transaction`: records that are not in the base, and never will be, have begun one.
  explicit ImageBuilder(const std::shared_ptr<const Image>& base, bool in_transaction = false)
      : image_(*base) {
    if (in_transaction) waiting_.emplace();
  }

  // One record's value. On error the builder is of no more use.
  Result<void> apply(Bytes value);
  // A whole checked batch of the log. Control batches tell of the quorum.
  Result<void> apply_batch(const BatchHeader& header, Bytes batch);
  void set_position(Offset offset, LeaderEpoch epoch, int64_t timestamp);

  bool in_transaction() const { return waiting_.has_value(); }
  // What was applied since the last build(); an open transaction is not in it.
  std::shared_ptr<const Image> build();

 private:
  template <class M>
  Result<void> decode_and_apply(Bytes message, int16_t version);
  template <class M>
  Result<void> keep_raw(Bytes value, Bytes message, int16_t version);
  Result<void> apply_now(Bytes value);
  Result<void> apply_control(const BatchHeader& header, Bytes batch);

  // Private copies, made when they are first changed.
  TopicsImage& topics();
  std::map<std::pair<ConfigResource, std::string>, ConfigMap>& configs();
  std::map<RawKey, Buffer>& raw();
  Result<void> change_topic(const Uuid& id, auto change);

  Result<void> replay(const struct TopicRecord& record);
  Result<void> replay(const struct PartitionRecord& record);
  Result<void> replay(const struct PartitionChangeRecord& record);
  Result<void> replay(const struct RemoveTopicRecord& record);
  void replay(const struct ConfigRecord& record);
  void replay(const struct RegisterBrokerRecord& record);
  Result<void> replay(const struct BrokerRegistrationChangeRecord& record);
  void replay(const struct UnregisterBrokerRecord& record);
  void replay(const struct FenceBrokerRecord& record);
  void replay(const struct UnfenceBrokerRecord& record);
  void replay(const struct FeatureLevelRecord& record);
  Result<void> replay(const struct ProducerIdsRecord& record);
  void replay(const struct ClearElrRecord& record);
  void replay(const struct NoOpRecord&) {}

  Image image_;
  std::shared_ptr<TopicsImage> topics_;
  std::shared_ptr<std::map<std::pair<ConfigResource, std::string>, ConfigMap>> configs_;
  std::shared_ptr<std::map<RawKey, Buffer>> raw_;
  std::optional<std::vector<Buffer>> waiting_;  // the records of an open transaction
};

}  // namespace eventd

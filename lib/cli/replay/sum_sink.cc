// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/sum_sink.h"

#include "lib/base/big_endian.h"
#include "lib/base/ensure.h"
#include "lib/base/openssl.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"

namespace eventd {

namespace {

constexpr size_t kGathered = 32 << 10;

template <class T>
void append_number(Buffer& out, T number) {
  size_t before = out.size();
  out.resize(before + sizeof number);
  store_big_endian(out.data() + before, number);
}

void append_sized(Buffer& out, const std::optional<Bytes>& bytes) {
  append_number(out, bytes ? static_cast<int32_t>(bytes->size()) : int32_t{-1});
  if (bytes) append(out, *bytes);
}

}  // namespace

struct Sha256::Context {
  EVP_MD_CTX* evp = openssl().EVP_MD_CTX_new();
  ~Context() { openssl().EVP_MD_CTX_free(evp); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  ENSURE(openssl().EVP_DigestInit_ex(context_->evp, openssl().EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;

void Sha256::add(Bytes bytes) {
  ENSURE(openssl().EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  ENSURE(openssl().EVP_DigestFinal_ex(context_->evp, digest, &size) == 1);
  std::string hex;
  for (uint8_t byte : Bytes(digest, size)) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

void append_summed(Buffer& out, const FetchedRecord& record) {
  append_number(out, record.timestamp);
  append_sized(out, record.key);
  append_sized(out, record.value);
  append_number(out, record.record->header_count);
  if (record.record->header_count == 0) return;
  for (const RecordHeader& header : record.record->headers()) {
    append_sized(out, bytes_of(header.key));
    append_sized(out, header.value);
  }
}

Result<int64_t> SumSink::begin(const TopicPartition& partition, int64_t from, int64_t until) {
  (void)until;
  sums_.try_emplace(partition);
  return from;
}

Result<void> SumSink::take(const FetchedRecord& record) {
  if (record.partition != last_name_) {
    last_sum_ = &sums_[*record.partition];
    last_name_ = record.partition;
  }
  Sum& sum = *last_sum_;
  append_summed(sum.gathered, record);
  sum.count++;
  if (sum.gathered.size() >= kGathered) {
    sum.hash.add(sum.gathered);
    sum.gathered.clear();
  }
  return {};
}

// Sums of a part would be taken for sums of the whole.
Result<void> SumSink::finish(bool complete) {
  if (!complete) return {};
  Output output(descriptor_);
  for (auto& [name, sum] : sums_) {
    sum.hash.add(sum.gathered);
    output.buffer() += text(sum.hash.finish(), " ", sum.count, " ", name.partition, " ",
                            printable(name.topic), "\n");
  }
  return output.flush();
}

}  // namespace eventd

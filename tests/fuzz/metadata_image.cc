// SPDX-License-Identifier: Apache-2.0
// What a metadata log or a snapshot makes of the image: whatever is accepted survives a snapshot of
// ours. The first byte chooses between a snapshot's file, whose checksums are made right first, and
// records one after the other (u16 size, value).
#include "lib/base/big_endian.h"
#include "lib/base/ensure.h"
#include "lib/cluster/image_builder.h"
#include "lib/cluster/snapshot.h"
#include "lib/log/disk.h"
#include "lib/record/batch.h"
#include "tests/fuzz/fuzz.h"

using namespace eventd;

namespace {

constexpr SnapshotId kId{Offset{140}, LeaderEpoch{4}};

std::shared_ptr<const Image> image_of_records(Bytes input) {
  ImageBuilder builder(std::make_shared<const Image>());
  while (input.size() >= 2) {
    size_t size = load_big_endian<uint16_t>(input.data());
    input = input.subspan(2);
    Bytes value = input.first(std::min(size, input.size()));
    input = input.subspan(value.size());
    if (!builder.apply(value)) return nullptr;
  }
  return builder.build();
}

std::shared_ptr<const Image> image_of_file(Bytes input) {
  Buffer file(input.begin(), input.end());
  for (MutableBytes left = file; !left.empty();) {
    Result<size_t> size = batch_size(left);
    if (!size || *size > left.size() || *size < kBatchHeaderSize) break;
    refresh_crc(left.first(*size));
    left = left.subspan(*size);
  }
  auto decoded = decode_snapshot(file, kId);
  return decoded ? std::move(*decoded) : nullptr;
}

}  // namespace

std::vector<Buffer> eventd::seeds() {
  std::vector<Buffer> seeds;
  PosixDisk disk;
  std::string folder = TEST_SOURCE_DIR "/golden/metadata/kafka-4.3.1/";
  for (const char* name : {"00000000000000000140-0000000004.checkpoint", "bootstrap.checkpoint"}) {
    Result<Buffer> file = read_file(disk, folder + name, 1 << 20);
    ENSURE(file.has_value());
    auto image = decode_snapshot(*file, kId);
    ENSURE(image.has_value());
    Buffer records{1};
    for (const Buffer& value : records_of(**image)) {
      records.push_back(static_cast<uint8_t>(value.size() >> 8));
      records.push_back(static_cast<uint8_t>(value.size()));
      append(records, value);
    }
    seeds.push_back(std::move(records));
    file->insert(file->begin(), 0);
    seeds.push_back(std::move(*file));
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Bytes input(data + 1, size - 1);
  std::shared_ptr<const Image> image = data[0] % 2 ? image_of_records(input) : image_of_file(input);
  if (!image) return 0;
  Buffer file = encode_snapshot(*image, kId, 1000);
  auto again = decode_snapshot(file, kId);
  ENSURE(again.has_value());
  ENSURE((*again)->quorum == image->quorum);
  ENSURE(records_of(**again) == records_of(*image));
  ENSURE(encode_snapshot(**again, kId, 1000) == file);
  return 0;
}

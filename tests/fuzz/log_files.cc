// SPDX-License-Identifier: Apache-2.0
// The small files of a log directory: checkpoints, leader epochs, producer snapshots,
// partition.metadata, meta.properties. What was read and is written again is read as the same. The
// first byte chooses the file.
#include <cstdlib>
#include <string>

#include "lib/base/text.h"
#include "lib/log/checkpoints.h"
#include "lib/log/leader_epochs.h"
#include "lib/log/producer_state.h"
#include "lib/log/sparse_index.h"
#include "tests/support/memory_disk.h"

namespace eventd {
std::vector<Buffer> seeds();
}

using namespace eventd;

namespace {

constexpr const char* kPath = "/d/file";

void check(bool holds) {
  if (!holds) abort();
}

void offsets(MemoryDisk& disk) {
  Result<OffsetCheckpoint> read = load_offsets(disk, kPath);
  if (!read) return;
  check(store_offsets(disk, kPath, *read).has_value());
  check(load_offsets(disk, kPath) == *read);
}

void epochs(MemoryDisk& disk, std::string contents) {
  std::string path = text("/d/", LeaderEpochs::kFileName);
  disk.set_contents(path, std::move(contents));
  Result<LeaderEpochs> read = LeaderEpochs::load(disk, "/d");
  if (!read) return;
  disk.set_contents(path, read->encode());
  Result<LeaderEpochs> again = LeaderEpochs::load(disk, "/d");
  check(again && again->entries() == read->entries());
  read->truncate_from_start(Offset{100});
  read->truncate_from_end(Offset{1000});
  (void)read->end_of(LeaderEpoch{3}, Offset{1000});
}

void producers(Bytes bytes) {
  Result<ProducerState> read = ProducerState::decode(bytes);
  if (!read) return;
  Buffer encoded = read->encode();
  Result<ProducerState> again = ProducerState::decode(encoded);
  check(again && equal(again->encode(), encoded));
  (void)read->first_unstable();
  BatchHeader header;
  header.producer_id = ProducerId{1};
  header.producer_epoch = ProducerEpoch{0};
  header.base_sequence = 0;
  (void)read->check(header, AppendOrigin::client);
  read->expire(1'000'000'000, 1000);
}

void metadata(MemoryDisk& disk, std::string contents) {
  disk.set_contents("/d/partition.metadata", std::move(contents));
  (void)load_partition_metadata(disk, "/d");
  (void)is_torn_metadata(disk, "/d", Uuid{});
}

void properties(MemoryDisk& disk) {
  Result<std::optional<MetaProperties>> read = load_meta_properties(disk, kPath);
  if (!read || !*read) return;
  check(store_meta_properties(disk, kPath, **read).has_value());
  Result<std::optional<MetaProperties>> again = load_meta_properties(disk, kPath);
  check(again && *again && (*again)->cluster_id == (*read)->cluster_id);
}

void indexes(Bytes bytes) {
  auto offsets = decode_offsets(bytes, 1 << 30);
  if (offsets) check(encode_offsets(*offsets).size() <= bytes.size());
  auto times = decode_times(bytes);
  if (times) check(encode_times(*times).size() <= bytes.size());
}

Buffer seed(uint8_t which, std::string_view contents) {
  Buffer input{which};
  append(input, bytes_of(contents));
  return input;
}

}  // namespace

std::vector<Buffer> eventd::seeds() {
  ProducerState state;
  BatchHeader header;
  header.producer_id = ProducerId{4};
  header.producer_epoch = ProducerEpoch{1};
  header.base_sequence = 3;
  header.last_offset_delta = 2;
  state.apply(header, {});
  Buffer snapshot = state.encode();
  return {seed(0, "0\n2\norders 0 12\norders 1 9\n"), seed(1, "0\n2\n1 0\n4 17\n"),
          seed(2, text_of(snapshot)), seed(3, partition_metadata(Uuid{})),
          seed(4, "version=1\ncluster.id=abc\nnode.id=1\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAQ\n"),
          seed(5, std::string_view("\0\0\0\5\0\0\1\0\0\0\0\7\0\0\2\0", 16))};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Bytes bytes(data + 1, size - 1);
  MemoryDisk disk;
  std::string contents(text_of(bytes));
  disk.set_contents(kPath, contents);
  switch (data[0] % 6) {
    case 0: offsets(disk); break;
    case 1: epochs(disk, contents); break;
    case 2: producers(bytes); break;
    case 3: metadata(disk, contents); break;
    case 4: properties(disk); break;
    default: indexes(bytes);
  }
  return 0;
}

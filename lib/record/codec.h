// SPDX-License-Identifier: Apache-2.0
// The four compressions of record batches, both ways.
//
//   gzip    RFC 1952; several members in a row are one stream
//   snappy  written as xerial's stream: 82 'SNAPPY' 00, i32 1, i32 1, then blocks of i32 size and
//           raw snappy. Read also as one bare raw block, which clients in C and Go send.
//   lz4     a frame of independent blocks without content size or checksums; Java reads no other.
//           Read with whatever a frame may have but a dictionary.
//   zstd    a frame; several in a row are one stream
//
// The input is foreign. Output grows as it appears and never beyond the caller's bound; no size
// that the input declares is believed, so a bomb costs what the bound allows and no more.
#pragma once

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/record/batch.h"

namespace eventd {

// A level that means the codec's own default, as Kafka has it: gzip -1 (6), lz4 9, zstd 3.
inline constexpr int kDefaultLevel = -1000;

// Appends the compressed form of `in` to `out`. Levels are gzip 1-9 or -1, lz4 1-17, zstd -131072
// to 22; others are moved to the nearest. Snappy has none.
Result<void> compress(Codec codec, Bytes in, Buffer& out, int level = kDefaultLevel);

// Replaces `out` by the decompressed form of `in`. corrupt_message if `in` is damaged, too_large
// if the result would have more than `size_max` bytes, unsupported_compression_type for an unknown
// codec. Nothing becomes nothing: a batch that compaction has emptied keeps its codec.
Result<void> decompress(Codec codec, Bytes in, Buffer& out, size_t size_max);

}  // namespace eventd

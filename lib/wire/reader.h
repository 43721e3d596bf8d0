// SPDX-License-Identifier: Apache-2.0
// The sticky reader of lib/base with the wire's strings, bytes and counts, which are encoded in one
// of two ways:
//
//                    plain                  flexible ("compact")
//   string           i16 length             uvarint length + 1
//   bytes, records   i32 length             uvarint length + 1
//   array            i32 count              uvarint count + 1
//   null             any negative number    0
//
// A length is bounded by the bytes that are left, a count by the caller, who knows its elements.
// Kafka allows strings of at most 32767 bytes in both encodings. Views look into the frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/reader.h"

namespace eventd {

inline constexpr size_t kStringSizeMax = 32767;

class MessageReader : public Reader {
 public:
  MessageReader(Bytes in, bool flexible) : Reader(in), flexible_(flexible) {}

  bool flexible() const { return flexible_; }

  // Null fails, as a peer must not send it where it has no meaning.
  std::string_view string();
  std::optional<std::string_view> nullable_string();
  Bytes sized_bytes();
  std::optional<Bytes> nullable_bytes();

  // How many elements an array has; nothing if it is null. Not yet bounded.
  std::optional<size_t> nullable_count();

  // Skips the tagged fields of a structure that knows none, such as a header.
  void skip_tagged_fields();

 private:
  std::optional<size_t> length(bool is_string);
  bool flexible_;
};

}  // namespace eventd

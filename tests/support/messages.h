// SPDX-License-Identifier: Apache-2.0
// Every message of lib/wire, and the golden files that hold them, for tests and fuzz targets that
// go through all of them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/wire/message.h"

namespace eventd {

// What came of decoding some bytes.
struct Reading {
  std::string json;
  Result<void> encoding;  // of the same message
  Buffer bytes;           // what that gave
  size_t size_bytes = 0;  // what encoded_size() says
};

// A message type of which only functions are known.
struct MessageKind {
  std::string_view name;
  Format format;
  std::optional<ApiKey> api;
  std::optional<int16_t> record_type;  // of a metadata record
  Result<Reading> (*read)(Bytes body, int16_t version);
  Result<size_t> (*prefix_size)(Bytes bytes, int16_t version);  // by decode_prefix()
  std::string (*schema)();
};

std::span<const MessageKind> request_kinds();
std::span<const MessageKind> response_kinds();
std::span<const MessageKind> metadata_record_kinds();
std::span<const MessageKind> control_record_kinds();
// nullptr if there is none of that name.
const MessageKind* message_kind(std::string_view name);

// As tests/golden/generate/Messages.java and tests/peers/go/cmd/golden write them.
struct GoldenMessage {
  std::string name;
  int16_t version = 0;
  std::string filling;
  std::string fields;  // "json .." or "values .."; empty if the file has none
  Buffer bytes;
};

// Of a file in tests/golden/messages. Ends the program if it cannot be read.
std::vector<GoldenMessage> golden_messages(const std::string& file);

}  // namespace eventd

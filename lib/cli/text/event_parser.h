// SPDX-License-Identifier: Apache-2.0
// Events as JSON on their way in (event_json.h has the format): as views, without an allocation for
// each, because this is what event-produce -j does for every line.
//
// What append_event() writes goes the short way. Whatever is unusual, and right or wrong JSON, goes
// the general one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/record/record.h"

namespace eventd {

struct ParsedEvent {
  std::optional<std::string_view> topic;
  std::optional<int32_t> partition;
  std::optional<int64_t> offset;
  std::optional<int64_t> timestamp;
  std::optional<Bytes> key;
  std::optional<Bytes> value;
  std::vector<RecordHeader> headers;
};

class EventParser {
 public:
  // bad_data with what is wrong and where. The event looks into the line and into the parser, until
  // the next call.
  Result<const ParsedEvent*> parse(std::string_view line);

 private:
  void begin(std::string_view line);

  ParsedEvent event_;
  std::string decoded_;  // never grows while an event looks into it
};

}  // namespace eventd

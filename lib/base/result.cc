// SPDX-License-Identifier: Apache-2.0
#include "lib/base/result.h"

#include <cctype>
#include <cerrno>
#include <cstring>

namespace eventd {

std::string name_of(Code code) {
  std::string_view lower;
  switch (code) {
#define EVENTD_CODE(name, number) \
  case Code::name:                \
    lower = #name;                \
    break;
    EVENTD_KAFKA_CODES(EVENTD_CODE)
    EVENTD_LOCAL_CODES(EVENTD_CODE)
#undef EVENTD_CODE
  }
  if (lower.empty()) return "ERROR_" + std::to_string(static_cast<int>(code));
  std::string upper(lower);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

int16_t wire_code(Code code) {
  switch (code) {
    case Code::io_error:
    case Code::disk_full:
    case Code::bad_data:
      return static_cast<int16_t>(Code::kafka_storage_error);
    case Code::bad_config:
      return static_cast<int16_t>(Code::invalid_config);
    case Code::bad_usage:
      return static_cast<int16_t>(Code::invalid_request);
    case Code::deadline_passed:
      return static_cast<int16_t>(Code::request_timed_out);
    case Code::too_large:
      return static_cast<int16_t>(Code::message_too_large);
    case Code::unsupported:
      return static_cast<int16_t>(Code::unsupported_version);
    default:
      break;
  }
  auto number = static_cast<int16_t>(code);
  return number >= 1000 ? static_cast<int16_t>(Code::unknown_server_error) : number;
}

Error Error::during(std::string_view context) && {
  message.insert(0, ": ").insert(0, context);
  return std::move(*this);
}

Error Error::during(std::string_view context) const& { return Error(*this).during(context); }

std::unexpected<Error> fail_with_errno(int system_error, std::string_view what) {
  Code code = Code::io_error;
  bool has_no_room = system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
  if (has_no_room) code = Code::disk_full;
  if (system_error == ENOENT) code = Code::not_found;
  if (system_error == EEXIST) code = Code::already_exists;
  std::string message(what);
  message.append(": ").append(std::strerror(system_error));
  return std::unexpected(Error{code, std::move(message), system_error});
}

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
// Messages: plain structs of which one describe() yields everything else.
//
//   struct CreateTopicsRequest {
//     static constexpr Api api{.key = ApiKey::create_topics, .versions = {2, 7}, .flexible = 5};
//     std::vector<Topic> topics;
//     int32_t timeout_ms = 60000;
//     static void describe(auto& m, auto& f) {
//       f("Topics", m.topics);
//       f("TimeoutMs", m.timeout_ms);
//     }
//   };
//
// describe() names the fields as Kafka's schemas do, in the order of the wire. A field without
// since() or until() is in every version, an std::optional is nullable from nullable_since() on. A
// tagged field is written only where it differs from what a new struct has, and so are its
// defaults. `ignorable` fields are left out, without a word, of versions that lack them.
//
// Strings, bytes and records of a decoded message look into the frame, those of a message to encode
// into whatever its maker keeps alive until encode() returns.
//
// The functions below are defined and instantiated in lib/wire/messages/*.cc, and nowhere else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/base/uuid.h"
#include "lib/wire/api.h"
#include "lib/wire/writer.h"

namespace eventd {

// What versions something has that is no request or response: records of logs, for example.
struct Format {
  VersionRange versions;
  int16_t flexible = kNeverFlexible;
};

// Record batches in Produce and Fetch. Where omitted_size is set, encode() writes that length, no
// bytes, and the Writer notes where they belong.
struct Records {
  std::optional<Bytes> bytes;
  uint32_t omitted_size = 0;
};

template <class M>
constexpr Format format_of() {
  if constexpr (requires { M::api; }) {
    return {M::api.versions, M::api.flexible};
  } else {
    return M::format;
  }
}

// Reads `body` to its last byte; more than the message is an error, as is less. What is decoded
// takes at most four times the memory of the frame, plus a mebibyte. unsupported_version if M does
// not have the version, invalid_request for everything else.
template <class M>
Result<M> decode(Bytes body, int16_t version);

// The same for a message that others follow; `size` becomes what it took.
template <class M>
Result<M> decode_prefix(Bytes bytes, int16_t version, size_t& size);

// Appends the message. On error nothing was appended: M does not have the version, a field that is
// neither in that version nor ignorable differs from its default, or something is too long or null
// where it must not be.
template <class M>
Result<void> encode(const M& message, int16_t version, Writer& out);

// How many bytes encode() would write, omitted ones included.
template <class M>
size_t encoded_size(const M& message, int16_t version);

// As Kafka's tools print it: {"topics":[..],"timeoutMs":60000}. Bytes are base64. Fields outside of
// the version and tagged fields at their defaults are left out.
template <class M>
std::string to_json(const M& message, int16_t version);

// Its fields on one line, for comparing with other definitions. Types are i8 i16 i32 i64 u16 u32
// f64 bool uuid str bytes records, [array], {struct}. Behind them: `?` nullable (from the version
// given), `@2+`, `@..4`, `@1-3` where the field is, `#t0` its tag, `=-1` its default, `~` if it is
// ignorable.
template <class M>
std::string schema();

// "ProduceRequest"
template <class M>
std::string_view message_name();

// What describe() says of a field beside its name.
struct FieldSpec {
  int16_t since = 0;
  int16_t until = std::numeric_limits<int16_t>::max();
  int16_t nullable_since = 0;
  int32_t tag = -1;
  bool ignorable = false;

  constexpr bool exists_in(int16_t version) const { return since <= version && version <= until; }
  constexpr bool is_tagged() const { return tag >= 0; }
  constexpr bool nullable_in(int16_t version) const { return version >= nullable_since; }
};

struct Since {
  int16_t version;
  constexpr void apply(FieldSpec& field) const { field.since = version; }
};
struct Until {
  int16_t version;
  constexpr void apply(FieldSpec& field) const { field.until = version; }
};
struct NullableSince {
  int16_t version;
  constexpr void apply(FieldSpec& field) const { field.nullable_since = version; }
};
struct Tagged {
  int32_t tag;
  int16_t version;
  constexpr void apply(FieldSpec& field) const {
    field.tag = tag;
    field.since = version;
  }
};
struct Ignorable {
  constexpr void apply(FieldSpec& field) const { field.ignorable = true; }
};

constexpr Since since(int16_t version) { return {version}; }
constexpr Until until(int16_t version) { return {version}; }
constexpr NullableSince nullable_since(int16_t version) { return {version}; }
constexpr Tagged tagged(int32_t tag, Since from) { return {tag, from.version}; }
inline constexpr Ignorable ignorable;

template <class... Options>
constexpr FieldSpec field_spec(Options... options) {
  FieldSpec field;
  (options.apply(field), ...);
  return field;
}

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
// describe() as a decoder. Only lib/wire/messages/*.cc include this.
//
// Sticky like its reader: after the first error the rest decodes to nothing, quickly. What arrays
// may take of memory is paid from a budget that grows with the frame, before they are allocated:
// a structure of a hundred bytes may stand on the wire as one.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <type_traits>
#include <utility>

#include "lib/base/ensure.h"
#include "lib/base/text.h"
#include "lib/wire/message.h"
#include "lib/wire/reader.h"

namespace eventd {

// The tagged fields that a structure knows, gathered while its plain fields are coded. Coder is
// Decoder or Encoder; the field is const for the latter.
template <class Coder, class Field>
struct TaggedFields {
  struct Entry {
    uint32_t tag;
    Field* field;
    void (*code)(Coder&, Field*, bool nullable);
    bool nullable;
  };
  std::array<Entry, 12> entries;
  size_t count = 0;

  void add(const Entry& entry) {
    ENSURE(count < entries.size());
    entries[count++] = entry;
  }
  void sort() {
    std::sort(entries.begin(), entries.begin() + count,
              [](const Entry& a, const Entry& b) { return a.tag < b.tag; });
  }
};

class Decoder {
 public:
  Decoder(Bytes in, int16_t version, bool flexible)
      : read_(in, flexible), version_(version), budget_(4 * in.size() + kBudgetFloor) {}

  template <class T, class... Options>
  void operator()(std::string_view name, T& field, Options... options) {
    const FieldSpec spec = field_spec(options...);
    if (!spec.exists_in(version_) || read_.failed()) return;
    const bool nullable = spec.nullable_in(version_);
    if (spec.is_tagged()) {
      auto code = [](Decoder& decoder, void* at, bool is_nullable) {
        T fresh{};  // the tag may have come before
        decoder.value(fresh, is_nullable);
        *static_cast<T*>(at) = std::move(fresh);
      };
      tagged_->add({static_cast<uint32_t>(spec.tag), &field, code, nullable});
      return;
    }
    value(field, nullable);
    if (read_.failed()) blame(name);
  }

  template <class M>
  void structure(M& message) {
    Tags mine;
    Tags* outer = std::exchange(tagged_, &mine);
    M::describe(message, *this);
    if (read_.flexible()) tagged_section(mine);
    tagged_ = outer;
  }

  bool failed() const { return read_.failed(); }
  size_t position() const { return read_.position(); }
  size_t left() const { return read_.left(); }
  // "PartitionData" of the field in which decoding failed.
  std::string_view failed_field() const { return failed_field_; }

 private:
  using Tags = TaggedFields<Decoder, void>;
  static constexpr size_t kBudgetFloor = size_t{1} << 20;

  template <std::integral T>
  void value(T& field, bool) {
    field = read_.number<T>();
  }
  void value(bool& field, bool) { field = read_.boolean(); }
  void value(double& field, bool) { field = read_.float64(); }
  void value(Uuid& field, bool) { field = read_.uuid(); }
  void value(std::string_view& field, bool) { field = read_.string(); }
  void value(Bytes& field, bool) { field = read_.sized_bytes(); }
  void value(std::optional<std::string_view>& field, bool nullable) {
    field = read_.nullable_string();
    refuse_null(!field, nullable);
  }
  void value(std::optional<Bytes>& field, bool nullable) {
    field = read_.nullable_bytes();
    refuse_null(!field, nullable);
  }
  void value(Records& field, bool) { field.bytes = read_.nullable_bytes(); }

  // A structure that may be null has a byte before it: negative if it is.
  template <class M>
  void value(std::optional<M>& field, bool nullable) {
    field.reset();
    if (read_.number<int8_t>() < 0) return refuse_null(true, nullable);
    if (!read_.failed()) value(field.emplace(), true);
  }
  template <class T>
  void value(std::vector<T>& field, bool) {
    std::optional<size_t> count = read_.nullable_count();
    refuse_null(!count, false);
    elements(field, count.value_or(0));
  }
  template <class T>
  void value(std::optional<std::vector<T>>& field, bool nullable) {
    field.reset();
    std::optional<size_t> count = read_.nullable_count();
    refuse_null(!count, nullable);
    if (count && !read_.failed()) elements(field.emplace(), *count);
  }
  template <class M>
    requires requires(M& m, Decoder& f) { M::describe(m, f); }
  void value(M& field, bool) {
    structure(field);
  }

  template <class T>
  void elements(std::vector<T>& field, size_t count) {
    field.clear();
    if (!afford(count, std::is_arithmetic_v<T> || std::is_same_v<T, Uuid> ? sizeof(T) : 1,
                sizeof(T))) {
      return;
    }
    field.reserve(count);
    for (size_t i = 0; i < count && !read_.failed(); i++) value(field.emplace_back(), false);
  }

  // Whether `count` elements of at least `wire_size` bytes can follow, and may take `size` each.
  bool afford(size_t count, size_t wire_size, size_t size);
  void refuse_null(bool is_null, bool nullable) {
    if (is_null && !nullable) read_.fail();
  }
  void tagged_section(Tags& known);
  void tagged_value(const Tags::Entry& entry, size_t size);
  void blame(std::string_view name) {
    if (failed_field_.empty()) failed_field_ = name;
  }

  MessageReader read_;
  int16_t version_;
  size_t budget_;
  Tags* tagged_ = nullptr;
  std::string_view failed_field_;
};

// The error of a decoder that failed or that left bytes over.
Error decode_error(const Decoder& decoder, std::string_view message, int16_t version);
Error version_error(std::string_view message, int16_t version, VersionRange versions);

template <class M>
Result<M> decode_prefix(Bytes bytes, int16_t version, size_t& size) {
  constexpr Format format = format_of<M>();
  if (!format.versions.contains(version)) {
    return std::unexpected(version_error(message_name<M>(), version, format.versions));
  }
  Decoder decoder(bytes, version, version >= format.flexible);
  Result<M> message;
  decoder.structure(*message);
  size = decoder.position();
  if (decoder.failed()) return std::unexpected(decode_error(decoder, message_name<M>(), version));
  return message;
}

template <class M>
Result<M> decode(Bytes body, int16_t version) {
  size_t size = 0;
  Result<M> message = decode_prefix<M>(body, version, size);
  if (message && size != body.size()) {
    return fail(Code::invalid_request, text(message_name<M>(), " v", version, ": ",
                                            body.size() - size, " bytes too many"));
  }
  return message;
}

}  // namespace eventd

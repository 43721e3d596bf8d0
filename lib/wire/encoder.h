// SPDX-License-Identifier: Apache-2.0
// describe() as an encoder, and with a Writer that only counts as a sizer. Only
// lib/wire/messages/*.cc include this.
//
// The first field that cannot be encoded is remembered; what was written by then is of no use.
#pragma once

#include <string_view>
#include <utility>

#include "lib/base/text.h"
#include "lib/wire/decoder.h"
#include "lib/wire/defaults.h"
#include "lib/wire/message.h"
#include "lib/wire/writer.h"

namespace eventd {

class Encoder {
 public:
  Encoder(Writer& out, int16_t version, bool flexible)
      : out_(&out), version_(version), flexible_(flexible) {}

  template <class T, class... Options>
  void operator()(std::string_view name, const T& field, Options... options) {
    const FieldSpec spec = field_spec(options...);
    if (!spec.exists_in(version_)) {
      if (!spec.ignorable && !defaults_.is_default(field)) refuse(name, "is not in this version");
      return;
    }
    const bool nullable = spec.nullable_in(version_);
    if (spec.is_tagged()) {
      if (defaults_.is_default(field)) return;
      auto code = [](Encoder& encoder, const void* at, bool is_nullable) {
        encoder.value(*static_cast<const T*>(at), is_nullable);
      };
      tagged_->add({static_cast<uint32_t>(spec.tag), &field, code, nullable});
      return;
    }
    value(field, nullable);
    blame(name);
  }

  template <class M>
  void structure(const M& message) {
    Tags mine;
    Tags* outer_tags = std::exchange(tagged_, &mine);
    WithDefaults outer_defaults = std::exchange(defaults_, WithDefaults::of(message));
    M::describe(message, *this);
    if (flexible_) tagged_section(mine);
    tagged_ = outer_tags;
    defaults_ = outer_defaults;
  }

  bool failed() const { return problem_ != nullptr; }
  std::string_view failed_field() const { return failed_field_; }
  std::string_view problem() const { return problem_; }

 private:
  using Tags = TaggedFields<Encoder, const void>;

  template <std::integral T>
  void value(const T& field, bool) {
    out_->number(field);
  }
  void value(const bool& field, bool) { out_->boolean(field); }
  void value(const double& field, bool) { out_->float64(field); }
  void value(const Uuid& field, bool) { out_->uuid(field); }
  void value(const std::string_view& field, bool) { string(field); }
  void value(const Bytes& field, bool) { bytes(field); }
  void value(const std::optional<std::string_view>& field, bool nullable) {
    if (field) return string(*field);
    null_string(nullable);
  }
  void value(const std::optional<Bytes>& field, bool nullable) {
    if (field) return bytes(*field);
    null(nullable);
  }
  void value(const Records& field, bool) {
    if (field.omitted_size > 0) return omitted(field.omitted_size);
    if (field.bytes) return bytes(*field.bytes);
    null(true);
  }

  template <class M>
  void value(const std::optional<M>& field, bool nullable) {
    if (!field && !nullable) return refuse("", "is null");
    out_->number<int8_t>(field ? 1 : -1);
    if (field) value(*field, true);
  }
  template <class T>
  void value(const std::vector<T>& field, bool) {
    length(field.size());
    for (const T& element : field) value(element, false);
  }
  template <class T>
  void value(const std::optional<std::vector<T>>& field, bool nullable) {
    if (field) return value(*field, false);
    null(nullable);
  }
  template <class M>
    requires requires(const M& m, Encoder& f) { M::describe(m, f); }
  void value(const M& field, bool) {
    structure(field);
  }

  void string(std::string_view field);
  void null_string(bool nullable);
  void bytes(Bytes field);
  void omitted(uint32_t size);
  void null(bool nullable);
  // Of bytes and arrays.
  void length(size_t size);
  void tagged_section(Tags& set);

  void refuse(std::string_view name, const char* problem) {
    if (problem_ == nullptr) problem_ = problem;
    blame(name);
  }
  void blame(std::string_view name) {
    if (failed() && failed_field_.empty()) failed_field_ = name;
  }

  Writer* out_;
  int16_t version_;
  bool flexible_;
  Tags* tagged_ = nullptr;
  WithDefaults defaults_;
  const char* problem_ = nullptr;
  std::string_view failed_field_;
};

// The error of an encoder that failed.
Error encode_error(const Encoder& encoder, std::string_view message, int16_t version);

template <class M>
Result<void> encode(const M& message, int16_t version, Writer& out) {
  constexpr Format format = format_of<M>();
  if (!format.versions.contains(version)) {
    return std::unexpected(version_error(message_name<M>(), version, format.versions));
  }
  const Writer::Mark start = out.mark();
  Encoder encoder(out, version, version >= format.flexible);
  encoder.structure(message);
  if (!encoder.failed()) return {};
  out.rewind(start);
  return std::unexpected(encode_error(encoder, message_name<M>(), version));
}

template <class M>
size_t encoded_size(const M& message, int16_t version) {
  Writer count;
  Encoder encoder(count, version, version >= format_of<M>().flexible);
  encoder.structure(message);
  return count.wire_size();
}

}  // namespace eventd

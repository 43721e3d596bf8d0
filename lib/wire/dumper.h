// SPDX-License-Identifier: Apache-2.0
// describe() as a JSON dump and as a schema. Only lib/wire/messages/*.cc include this.
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/text.h"
#include "lib/wire/defaults.h"
#include "lib/wire/message.h"

namespace eventd {

class JsonDumper {
 public:
  explicit JsonDumper(int16_t version) : version_(version) {}

  template <class T, class... Options>
  void operator()(std::string_view name, const T& field, Options... options) {
    const FieldSpec spec = field_spec(options...);
    if (!spec.exists_in(version_)) return;
    if (spec.is_tagged() && defaults_.is_default(field)) return;
    separate();
    if constexpr (std::is_same_v<T, Records>) {
      records(name, field);
    } else {
      key(name, "");
      value(field);
    }
  }

  template <class M>
  void structure(const M& message) {
    WithDefaults outer = std::exchange(defaults_, WithDefaults::of(message));
    out_ += '{';
    M::describe(message, *this);
    out_ += '}';
    defaults_ = outer;
  }

  std::string take() { return std::move(out_); }

 private:
  template <std::integral T>
  void value(const T& field) {
    append_text(out_, field);
  }
  void value(const double& field);
  void value(const Uuid& field) { value(std::string_view(to_string(field))); }
  void value(const std::string_view& field);
  void value(const Bytes& field) { value(std::string_view(to_base64(field))); }
  template <class T>
  void value(const std::optional<T>& field) {
    if (field) return value(*field);
    out_ += "null";
  }
  template <class T>
  void value(const std::vector<T>& field) {
    out_ += '[';
    for (const T& element : field) {
      separate();
      value(element);
    }
    out_ += ']';
  }
  template <class M>
    requires requires(const M& m, JsonDumper& f) { M::describe(m, f); }
  void value(const M& field) {
    structure(field);
  }

  void records(std::string_view name, const Records& field);
  void key(std::string_view name, std::string_view suffix);
  // A comma, unless what stands before is the start of a list.
  void separate();

  int16_t version_;
  std::string out_;
  WithDefaults defaults_;
};

class SchemaDumper {
 public:
  explicit SchemaDumper(VersionRange versions) : versions_(versions) {}

  template <class T, class... Options>
  void operator()(std::string_view name, const T& field, Options... options) {
    const FieldSpec spec = field_spec(options...);
    VersionRange mine = {std::max(spec.since, versions_.min), std::min(spec.until, versions_.max)};
    if (mine.min > mine.max) return;
    begin(name);
    VersionRange outer = std::exchange(versions_, mine);
    std::string before = std::exchange(default_, "");
    type(field);
    nullable(is_optional(field), spec);
    versions_ = outer;
    end(spec, mine);
    default_ = before;
  }

  template <class M>
  void structure(const M& message) {
    out_ += '{';
    M::describe(message, *this);
    out_ += '}';
  }

  std::string take() { return std::move(out_); }

 private:
  template <std::integral T>
  void type(const T& field) {
    append_text(out_, std::is_signed_v<T> ? 'i' : 'u');
    append_text(out_, 8 * sizeof(T));
    if (field != 0) default_ = text(field);
  }
  void type(const bool& field) {
    out_ += "bool";
    if (field) default_ = "true";
  }
  void type(const double&) { out_ += "f64"; }
  void type(const Uuid&) { out_ += "uuid"; }
  void type(const std::string_view&) { out_ += "str"; }
  void type(const Bytes&) { out_ += "bytes"; }
  void type(const Records&) { out_ += "records"; }
  template <class T>
  void type(const std::optional<T>&) {
    type(T{});
  }
  template <class T>
  void type(const std::vector<T>&) {
    out_ += '[';
    type(T{});
    out_ += ']';
    default_.clear();
  }
  template <class M>
    requires requires(const M& m, SchemaDumper& f) { M::describe(m, f); }
  void type(const M& field) {
    structure(field);
  }

  template <class T>
  static constexpr bool is_optional(const T&) {
    return std::is_same_v<T, Records>;
  }
  template <class T>
  static constexpr bool is_optional(const std::optional<T>&) {
    return true;
  }

  void begin(std::string_view name);
  void nullable(bool is_nullable, const FieldSpec& spec);
  void end(const FieldSpec& spec, VersionRange mine);

  VersionRange versions_;  // of what encloses the field
  std::string default_;    // of the field, as text, if it is not zero
  std::string out_;
};

template <class M>
std::string to_json(const M& message, int16_t version) {
  JsonDumper dumper(version);
  dumper.structure(message);
  return dumper.take();
}

template <class M>
std::string schema() {
  SchemaDumper dumper(format_of<M>().versions);
  dumper.structure(M{});
  return dumper.take();
}

}  // namespace eventd

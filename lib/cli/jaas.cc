// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/jaas.h"

#include <optional>

#include "lib/base/text.h"

namespace eventd {

namespace {

// What Java's StreamTokenizer makes of it: words, quoted texts, and the signs = and ;.
class Tokens {
 public:
  explicit Tokens(std::string_view in) : in_(in) {}

  // Nothing at the end, or where a quote stays open.
  std::optional<std::string> next() {
    while (at_ < in_.size() && is_space(in_[at_])) at_++;
    if (at_ == in_.size()) return std::nullopt;
    char c = in_[at_];
    if (c == '=' || c == ';') {
      at_++;
      return std::string(1, c);
    }
    if (c == '"' || c == '\'') return quoted(c);
    size_t from = at_;
    while (at_ < in_.size() && !is_space(in_[at_]) && in_[at_] != '=' && in_[at_] != ';') at_++;
    return std::string(in_.substr(from, at_ - from));
  }
  bool is_open() const { return open_; }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  std::optional<std::string> quoted(char quote) {
    std::string out;
    for (at_++; at_ < in_.size(); at_++) {
      char c = in_[at_];
      if (c == quote) {
        at_++;
        return out;
      }
      if (c == '\\' && at_ + 1 < in_.size()) c = escaped(in_[++at_]);
      out += c;
    }
    open_ = true;
    return std::nullopt;
  }
  static char escaped(char c) {
    switch (c) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      default:
        return c;
    }
  }

  std::string_view in_;
  size_t at_ = 0;
  bool open_ = false;
};

bool is_flag(std::string_view word) {
  return word == "required" || word == "requisite" || word == "sufficient" || word == "optional";
}

}  // namespace

Result<JaasEntry> parse_jaas(std::string_view in) {
  auto wrong = [](std::string_view why) {
    return fail(Code::bad_config, text("sasl.jaas.config: ", why));
  };
  Tokens tokens(in);
  std::optional<std::string> word = tokens.next();
  if (!word) return wrong("it is empty");
  JaasEntry entry{*word, {}};
  word = tokens.next();
  if (!word || !is_flag(*word)) return wrong("behind the class comes `required`");
  while ((word = tokens.next())) {
    if (*word == ";") {
      if (tokens.next()) return wrong("there is more than one login module");
      return entry;
    }
    std::optional<std::string> equals = tokens.next();
    std::optional<std::string> value = equals ? tokens.next() : std::nullopt;
    if (tokens.is_open()) return wrong("a quote is not closed");
    if (!value || *equals != "=" || *value == ";") {
      return wrong(text("option ", printable(*word, 40), " has no value"));
    }
    entry.options[*word] = *value;
  }
  return wrong(tokens.is_open() ? "a quote is not closed" : "the `;` at its end is missing");
}

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/text/pattern.h"

#include <algorithm>

#include "lib/base/text.h"

namespace eventd {

namespace {

// The alternatives of a pattern that is nothing else; none for any other.
std::vector<std::string> words_of(const std::string& pattern) {
  std::vector<std::string> words;
  if (pattern.find_first_of(".[]{}()*+?^$\\") != std::string::npos) return words;
  for (std::string_view word : split(pattern, '|')) words.emplace_back(word);
  bool any_empty = std::ranges::any_of(words, &std::string::empty);
  return any_empty ? std::vector<std::string>() : words;
}

bool contains(std::string_view bytes, std::string_view word) {
  return memmem(bytes.data(), bytes.size(), word.data(), word.size()) != nullptr;
}

}  // namespace

Result<Pattern> Pattern::compile(const std::string& pattern) {
  Pattern compiled;
  compiled.words_ = words_of(pattern);
  if (!compiled.words_.empty()) return compiled;
  auto free_regex = [](regex_t* regex) {
    regfree(regex);
    delete regex;
  };
  auto regex = std::make_unique<regex_t>();
  int error = regcomp(regex.get(), pattern.c_str(), REG_EXTENDED);
  if (error != 0) {
    char why[128];
    regerror(error, regex.get(), why, sizeof why);
    return fail(Code::bad_usage, text("'", printable(pattern), "': ", std::string_view(why)));
  }
  compiled.compiled_ = std::shared_ptr<regex_t>(regex.release(), free_regex);
  return compiled;
}

bool Pattern::found_in(std::string_view bytes) const {
  if (!compiled_) {
    return std::ranges::any_of(words_, [&](const auto& word) { return contains(bytes, word); });
  }
  auto size = static_cast<regoff_t>(bytes.size());
  return re_search(compiled_.get(), bytes.data(), size, 0, size, nullptr) >= 0;
}

bool Pattern::is_whole(std::string_view bytes) const {
  if (!compiled_) {
    return std::ranges::any_of(words_, [&](const auto& word) { return bytes == word; });
  }
  // Of the matches that begin there it finds the longest.
  auto size = static_cast<regoff_t>(bytes.size());
  return re_match(compiled_.get(), bytes.data(), size, 0, nullptr) == size;
}

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
// POSIX extended regular expressions on bytes: a value may hold NUL and newlines, which are
// characters like others. No locale.
//
// Patterns that are only words, as ERROR|FATAL, are searched for as such: that is many times
// faster than the system's matcher. That one is asked by GNU's calls, which take a length.
#pragma once

#include <regex.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace eventd {

class Pattern {
 public:
  // bad_usage with what is wrong.
  static Result<Pattern> compile(const std::string& pattern);

  // Whether it matches anywhere in `bytes`.
  bool found_in(std::string_view bytes) const;
  // Whether it matches `bytes` from their beginning to their end.
  bool is_whole(std::string_view bytes) const;

 private:
  std::vector<std::string> words_;     // any of them, where the pattern is only words
  std::shared_ptr<regex_t> compiled_;  // otherwise; shared by copies, never changed
};

}  // namespace eventd

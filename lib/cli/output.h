// SPDX-License-Identifier: Apache-2.0
// What goes to stdout or a file: gathered, and written when a fetched batch is drained, or record
// by record to a terminal, where control bytes and bad UTF-8 show as \xHH.
//
// A reader that has closed ends us as SIGPIPE would, a signal while the reader takes nothing by
// that signal; any other failure to write is exit 4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/cli/command_line.h"
#include "lib/client/fetcher.h"

namespace eventd {

class Output {
 public:
  // Does not take the descriptor.
  explicit Output(int descriptor);

  std::string& buffer() { return buffer_; }
  bool is_terminal() const { return is_terminal_; }
  // After each record: writes if it is a terminal, or if much has gathered.
  Result<void> record_done();
  Result<void> flush();

 private:
  const int descriptor_;
  const bool is_terminal_;
  std::string buffer_;
};

// Appends a record as the format has it.
void append_record(std::string& out, const RecordFormat& format, const FetchedRecord& record,
                   bool for_terminal);

}  // namespace eventd

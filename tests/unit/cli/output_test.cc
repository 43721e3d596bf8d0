// SPDX-License-Identifier: Apache-2.0
// How a record looks on stdout.
#include "lib/cli/output.h"

#include <doctest/doctest.h>

using namespace eventd;

TEST_CASE("null is shown as its token, however long that is, and as nothing without one") {
  FetchedRecord deletion;
  deletion.key = bytes_of("k");
  RecordFormat format;
  format.key_delimiter = ":";
  std::string out;
  append_record(out, format, deletion, false);
  CHECK(out == "k:\n");

  format.null_token = "a token that fits into no short string";
  out.clear();
  append_record(out, format, deletion, false);
  CHECK(out == "k:a token that fits into no short string\n");

  deletion.key.reset();
  deletion.value = Bytes();
  out.clear();
  append_record(out, format, deletion, true);
  CHECK(out == "a token that fits into no short string:\n");
}

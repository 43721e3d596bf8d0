// SPDX-License-Identifier: Apache-2.0
// Records as text, on stdout or into a file that is open.
#pragma once

#include "lib/cli/output.h"
#include "lib/cli/record_sink.h"

namespace eventd {

class TextSink : public RecordSink {
 public:
  // Does not take the descriptor; the format outlives the sink.
  TextSink(int descriptor, const RecordFormat& format) : output_(descriptor), format_(format) {}

  bool is_on_terminal() const override { return output_.is_terminal(); }
  bool takes_remade() const override { return true; }
  Result<void> take(const FetchedRecord& record) override;
  Result<void> drained() override { return output_.flush(); }
  Result<void> finish(bool) override { return output_.flush(); }

 private:
  Output output_;
  const RecordFormat& format_;
};

}  // namespace eventd

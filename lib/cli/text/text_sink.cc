// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/text/text_sink.h"

namespace eventd {

Result<void> TextSink::take(const FetchedRecord& record) {
  append_record(output_.buffer(), format_, record, output_.is_terminal());
  return output_.record_done();
}

}  // namespace eventd

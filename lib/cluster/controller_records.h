// SPDX-License-Identifier: Apache-2.0
// How the files of the controller add a record. Nobody else includes it.
#pragma once

#include <utility>

#include "lib/cluster/controller.h"
#include "lib/wire/messages/metadata_records.h"

namespace eventd {

template <class M>
void Controller::add(const M& record, int16_t version) {
  Buffer value;
  Writer out(value);
  Result<void> encoded = encode_metadata_record(record, version, out);
  if (encoded) {
    records_.push_back(std::move(value));
  } else if (!error_) {
    error_ = std::move(encoded.error());
  }
}

}  // namespace eventd

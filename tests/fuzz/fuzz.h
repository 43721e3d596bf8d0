// SPDX-License-Identifier: Apache-2.0
// What a fuzz target is: LLVMFuzzerTestOneInput(), which aborts where something that must hold does
// not, and seeds(), made at run time from the golden files.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/base/bytes.h"
#include "tests/support/messages.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace eventd {

// Inputs that lead into the code; a target that defines none has none.
std::vector<Buffer> seeds();

// Decodes, encodes and decodes again: aborts unless that gives the same message both times. Whether
// the bytes could be decoded at all.
bool round_trip(const MessageKind& kind, Bytes body, int16_t version);

// Of input that begins with one byte that chooses the kind, and one that chooses the version, so
// that most inputs mean something.
void round_trip_chosen(std::span<const MessageKind> kinds, Bytes input);

// The seeds of such a target: every message in `files` that is of one of `kinds`.
std::vector<Buffer> seeds_of(std::span<const MessageKind> kinds,
                             std::initializer_list<const char*> files);

}  // namespace eventd

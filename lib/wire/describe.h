// SPDX-License-Identifier: Apache-2.0
// Everything that a describe() yields, to be compiled once for each message. Only
// lib/wire/messages/*.cc include this.
#pragma once

#include "lib/wire/decoder.h"
#include "lib/wire/dumper.h"
#include "lib/wire/encoder.h"
#include "lib/wire/message.h"

#define EVENTD_MESSAGE(M)                                             \
  template <>                                                         \
  std::string_view message_name<M>() {                                \
    return #M;                                                        \
  }                                                                   \
  template Result<M> decode<M>(Bytes, int16_t);                       \
  template Result<M> decode_prefix<M>(Bytes, int16_t, size_t&);       \
  template Result<void> encode<M>(const M&, int16_t, Writer&);        \
  template size_t encoded_size<M>(const M&, int16_t);                 \
  template std::string to_json<M>(const M&, int16_t);                 \
  template std::string schema<M>();

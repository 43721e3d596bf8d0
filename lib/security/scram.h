// SPDX-License-Identifier: Apache-2.0
// The client's side of SCRAM (RFC 5802, with SHA-256 as RFC 7677 has it, and with SHA-512), without
// channel binding, as Kafka speaks it. Pure: the nonce is given.
//
// Everything that the server says is checked: its nonce begins with ours, its salt and its count of
// iterations are within bounds (a hostile one could keep us busy for hours), and its signature
// proves that it knows the password too. A server that does not prove it is not believed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace eventd {

enum class ScramHash { sha256, sha512 };

class ScramClient {
 public:
  static constexpr int32_t kIterationsMin = 4096;
  static constexpr int32_t kIterationsMax = 1'000'000;

  // `nonce` is random, printable and without a comma; see make_nonce().
  ScramClient(ScramHash hash, std::string user, std::string password, std::string nonce);
  // Of 192 random bits.
  static std::string make_nonce();

  // client-first-message
  std::string first() const;
  // client-final-message, in answer to server-first-message. sasl_authentication_failed with what
  // is wrong, also with what is asked for.
  Result<std::string> final(std::string_view server_first);
  // Whether server-final-message is the right one.
  Result<void> verify(std::string_view server_final) const;

 private:
  std::string bare() const;

  const ScramHash hash_;
  const std::string user_;
  const std::string password_;
  const std::string nonce_;
  std::string server_signature_;  // what it must be; empty until final()
};

}  // namespace eventd

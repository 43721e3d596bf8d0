// SPDX-License-Identifier: Apache-2.0
// TLS 1.2 and 1.3 of a client, by OpenSSL: what is trusted, who we are, and whether the name of the
// broker is held against its certificate. Made once; connections share it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "lib/base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace eventd {

// Certificates and keys as text of PEM, or as the bytes of a PKCS#12 file.
struct TlsConfig {
  enum class Format { pem, pkcs12 };
  struct Store {
    std::string name;  // for messages: the file
    std::string content;
    std::string password;
    Format format = Format::pem;
  };
  std::optional<Store> trusted;  // nothing: what the system trusts
  std::optional<Store> own;      // a certificate, what it is signed by, and its key
  std::string ciphers;           // of TLS 1.2, in OpenSSL's names; empty: OpenSSL's choice
  std::string ciphers_of_1_3;
  bool at_least_1_3 = false;
  bool at_most_1_2 = false;
  // Only for those who know what they give up: anybody with any trusted certificate may answer.
  bool check_host_name = true;
};

class TlsContext {
 public:
  // bad_config with what is wrong.
  static Result<std::shared_ptr<const TlsContext>> make(const TlsConfig& config);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // A session for a connection to `host`, which is sent as SNI unless it is an address.
  Result<ssl_st*> begin(const std::string& host) const;

 private:
  TlsContext(ssl_ctx_st* context, bool check_host_name)
      : context_(context), check_host_name_(check_host_name) {}

  ssl_ctx_st* const context_;
  const bool check_host_name_;
};

}  // namespace eventd

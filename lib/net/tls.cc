// SPDX-License-Identifier: Apache-2.0
#include "lib/net/tls.h"

#include <arpa/inet.h>

#include <cstring>
#include <optional>
#include <vector>

#include "lib/base/openssl.h"
#include "lib/base/text.h"

namespace eventd {

namespace {

struct Free {
  void operator()(X509* certificate) const { openssl().X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { openssl().EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { openssl().BIO_free(bio); }
  void operator()(PKCS12* file) const { openssl().PKCS12_free(file); }
};
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Bio = std::unique_ptr<BIO, Free>;
using Pkcs12 = std::unique_ptr<PKCS12, Free>;

std::unexpected<Error> bad(std::string_view what) {
  unsigned long code = openssl().ERR_peek_last_error();
  openssl().ERR_clear_error();
  const char* why = code != 0 ? openssl().ERR_reason_error_string(code) : nullptr;
  return fail(Code::bad_config, why ? text(what, ": ", std::string_view(why)) : std::string(what));
}

Bio reader_of(const std::string& content) {
  return Bio(openssl().BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
}

int give_password(char* into, int size, int, void* given) {
  const std::string& password = *static_cast<const std::string*>(given);
  if (password.size() > static_cast<size_t>(size)) return -1;
  std::memcpy(into, password.data(), password.size());
  return static_cast<int>(password.size());
}

// A key, its certificate, and others beside.
struct Opened {
  Key key;
  Certificate certificate;
  std::vector<Certificate> others;
};

Result<Opened> open_pkcs12(const TlsConfig::Store& store) {
  Opened opened;
  Bio in = reader_of(store.content);
  Pkcs12 file(openssl().d2i_PKCS12_bio(in.get(), nullptr));
  if (!file) return bad(text(store.name, " is no PKCS#12 file"));
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  if (openssl().PKCS12_parse(file.get(), store.password.c_str(), &key, &certificate, &others) !=
      1) {
    return bad(text("open ", store.name, " with its password"));
  }
  opened.key.reset(key);
  opened.certificate.reset(certificate);
  auto stack = reinterpret_cast<OPENSSL_STACK*>(others);
  while (void* next = openssl().OPENSSL_sk_shift(stack)) {
    opened.others.emplace_back(static_cast<X509*>(next));
  }
  openssl().OPENSSL_sk_free(stack);
  return opened;
}

Result<Opened> open_pem(const TlsConfig::Store& store) {
  Opened opened;
  Bio in = reader_of(store.content);
  while (X509* next = openssl().PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
    if (!opened.certificate) {
      opened.certificate.reset(next);
    } else {
      opened.others.emplace_back(next);
    }
  }
  openssl().ERR_clear_error();  // the end of the file is an error to it
  in = reader_of(store.content);
  auto password = const_cast<std::string*>(&store.password);
  opened.key.reset(openssl().PEM_read_bio_PrivateKey(in.get(), nullptr, give_password, password));
  return opened;
}

Result<Opened> open_store(const TlsConfig::Store& store) {
  if (store.content.size() > (16 << 20)) return bad(text(store.name, " is too large"));
  return store.format == TlsConfig::Format::pkcs12 ? open_pkcs12(store) : open_pem(store);
}

Result<void> trust(SSL_CTX* context, const TlsConfig::Store& store) {
  Result<Opened> opened = open_store(store);
  if (!opened) return pass(opened);
  X509_STORE* trusted = openssl().SSL_CTX_get_cert_store(context);
  int count = 0;
  auto add = [&](X509* certificate) {
    if (certificate != nullptr && openssl().X509_STORE_add_cert(trusted, certificate) == 1) count++;
  };
  add(opened->certificate.get());
  for (const Certificate& other : opened->others) add(other.get());
  if (count == 0) return bad(text(store.name, " holds no certificate"));
  return {};
}

Result<void> present(SSL_CTX* context, const TlsConfig::Store& store) {
  Result<Opened> opened = open_store(store);
  if (!opened) return pass(opened);
  if (!opened->certificate) return bad(text(store.name, " holds no certificate"));
  if (!opened->key) {
    return bad(text(store.name, " holds no private key, or its password is another one"));
  }
  bool taken = openssl().SSL_CTX_use_certificate(context, opened->certificate.get()) == 1 &&
               openssl().SSL_CTX_use_PrivateKey(context, opened->key.get()) == 1;
  if (!taken) return bad(text(store.name, ": the key is not that of the certificate"));
  for (const Certificate& other : opened->others) {
    // The context keeps a reference of its own.
    if (openssl().SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 1, other.get()) != 1) {
      return bad(store.name);
    }
  }
  return {};
}

void set(SSL_CTX* context, int what, long value) {
  openssl().SSL_CTX_ctrl(context, what, value, nullptr);
}

bool is_address(const std::string& host) {
  in6_addr ignored{};
  return inet_pton(AF_INET, host.c_str(), &ignored) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

}  // namespace

TlsContext::~TlsContext() { openssl().SSL_CTX_free(context_); }

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const TlsConfig& config) {
  Result<void> loaded = load_openssl();
  if (!loaded) return pass(loaded);
  SSL_CTX* context = openssl().SSL_CTX_new(openssl().TLS_client_method());
  if (context == nullptr) return bad("TLS");
  std::shared_ptr<const TlsContext> made(new TlsContext(context, config.check_host_name));
  set(context, SSL_CTRL_SET_MIN_PROTO_VERSION,
      config.at_least_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  if (config.at_most_1_2) set(context, SSL_CTRL_SET_MAX_PROTO_VERSION, TLS1_2_VERSION);
  openssl().SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  set(context, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  openssl().SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!config.ciphers.empty() &&
      openssl().SSL_CTX_set_cipher_list(context, config.ciphers.c_str()) != 1) {
    return bad(text("cipher suites ", printable(config.ciphers)));
  }
  if (!config.ciphers_of_1_3.empty() &&
      openssl().SSL_CTX_set_ciphersuites(context, config.ciphers_of_1_3.c_str()) != 1) {
    return bad(text("cipher suites ", printable(config.ciphers_of_1_3)));
  }
  Result<void> done;
  if (config.trusted) {
    done = trust(context, *config.trusted);
  } else {
    openssl().SSL_CTX_set_default_verify_paths(context);
  }
  if (done && config.own) done = present(context, *config.own);
  if (!done) return pass(done);
  return made;
}

Result<ssl_st*> TlsContext::begin(const std::string& host) const {
  SSL* session = openssl().SSL_new(context_);
  if (session == nullptr) return bad("TLS");
  openssl().SSL_set_connect_state(session);
  bool good = true;
  X509_VERIFY_PARAM* verified = openssl().SSL_get0_param(session);
  if (is_address(host)) {
    if (check_host_name_)
      good = openssl().X509_VERIFY_PARAM_set1_ip_asc(verified, host.c_str()) == 1;
  } else {
    good = openssl().SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                              const_cast<char*>(host.c_str())) == 1;
    openssl().X509_VERIFY_PARAM_set_hostflags(verified, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (good && check_host_name_) {
      good = openssl().X509_VERIFY_PARAM_set1_host(verified, host.c_str(), host.size()) == 1;
    }
  }
  if (good) return session;
  openssl().SSL_free(session);
  return bad(text("TLS with ", printable(host)));
}

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
// OpenSSL 3, the system's, loaded by the first who needs it: a program that holds it in itself pays
// at every start for the 115 pages that the loader has to relocate, half a millisecond, whether it
// speaks TLS or not; and the system mends its own when a hole is found.
//
//   Result<void> loaded = load_openssl();
//   openssl().SSL_new(context)
//
// Functions have OpenSSL's names. What is a macro in its headers (SSL_set_mode, say) is written as
// the call that it stands for. Thread-safe.
#pragma once

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/base/result.h"

namespace eventd {

#define EVENTD_OPENSSL_FUNCTIONS(EACH)   \
  EACH(BIO_ctrl_pending)                 \
  EACH(BIO_free)                         \
  EACH(BIO_new)                          \
  EACH(BIO_new_mem_buf)                  \
  EACH(BIO_read)                         \
  EACH(BIO_s_mem)                        \
  EACH(BIO_write)                        \
  EACH(CRYPTO_memcmp)                    \
  EACH(ERR_clear_error)                  \
  EACH(ERR_peek_last_error)              \
  EACH(ERR_reason_error_string)          \
  EACH(EVP_Digest)                       \
  EACH(EVP_DigestFinal_ex)               \
  EACH(EVP_DigestInit_ex)                \
  EACH(EVP_DigestUpdate)                 \
  EACH(EVP_MD_CTX_free)                  \
  EACH(EVP_MD_CTX_new)                   \
  EACH(EVP_MD_get_size)                  \
  EACH(EVP_PKEY_free)                    \
  EACH(EVP_sha256)                       \
  EACH(EVP_sha512)                       \
  EACH(HMAC)                             \
  EACH(OPENSSL_cleanse)                  \
  EACH(OPENSSL_sk_free)                  \
  EACH(OPENSSL_sk_shift)                 \
  EACH(PEM_read_bio_PrivateKey)          \
  EACH(PEM_read_bio_X509)                \
  EACH(PKCS12_free)                      \
  EACH(PKCS12_parse)                     \
  EACH(PKCS5_PBKDF2_HMAC)                \
  EACH(SSL_CTX_ctrl)                     \
  EACH(SSL_CTX_free)                     \
  EACH(SSL_CTX_get_cert_store)           \
  EACH(SSL_CTX_new)                      \
  EACH(SSL_CTX_set_cipher_list)          \
  EACH(SSL_CTX_set_ciphersuites)         \
  EACH(SSL_CTX_set_default_verify_paths) \
  EACH(SSL_CTX_set_options)              \
  EACH(SSL_CTX_set_verify)               \
  EACH(SSL_CTX_use_PrivateKey)           \
  EACH(SSL_CTX_use_certificate)          \
  EACH(SSL_ctrl)                         \
  EACH(SSL_do_handshake)                 \
  EACH(SSL_free)                         \
  EACH(SSL_get0_param)                   \
  EACH(SSL_get_error)                    \
  EACH(SSL_get_verify_result)            \
  EACH(SSL_new)                          \
  EACH(SSL_read_ex)                      \
  EACH(SSL_set_bio)                      \
  EACH(SSL_set_connect_state)            \
  EACH(SSL_write_ex)                     \
  EACH(TLS_client_method)                \
  EACH(X509_STORE_add_cert)              \
  EACH(X509_VERIFY_PARAM_set1_host)      \
  EACH(X509_VERIFY_PARAM_set1_ip_asc)    \
  EACH(X509_VERIFY_PARAM_set_hostflags)  \
  EACH(X509_free)                        \
  EACH(X509_verify_cert_error_string)    \
  EACH(d2i_PKCS12_bio)

struct OpenSsl {
#define EVENTD_OPENSSL_POINTER(name) decltype(&::name) name = nullptr;
  EVENTD_OPENSSL_FUNCTIONS(EVENTD_OPENSSL_POINTER)
#undef EVENTD_OPENSSL_POINTER
};

// bad_config with what is missing: the library, or a function in it. Fast once it has worked.
Result<void> load_openssl();

// Once load_openssl() has worked; whoever did not ask ends the process where it does not work.
const OpenSsl& openssl();

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
#include "lib/security/scram.h"

#include <sys/random.h>

#include <array>
#include <utility>
#include <vector>

#include "lib/base/ensure.h"
#include "lib/base/openssl.h"
#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr size_t kMessageMax = 4096;
constexpr std::string_view kNoBinding = "n,,";  // the client knows no channel binding

const EVP_MD* digest_of(ScramHash hash) {
  return hash == ScramHash::sha256 ? openssl().EVP_sha256() : openssl().EVP_sha512();
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hmac(ScramHash hash, std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned size = 0;
  ENSURE(openssl().HMAC(digest_of(hash), key.data(), static_cast<int>(key.size()), bytes(data),
                        data.size(), out.data(), &size) != nullptr);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string digest(ScramHash hash, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned size = 0;
  ENSURE(openssl().EVP_Digest(data.data(), data.size(), out.data(), &size, digest_of(hash),
                              nullptr) == 1);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string salted(ScramHash hash, std::string_view password, std::string_view salt,
                   int iterations) {
  std::string out(static_cast<size_t>(openssl().EVP_MD_get_size(digest_of(hash))), '\0');
  ENSURE(openssl().PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                                     bytes(salt), static_cast<int>(salt.size()), iterations,
                                     digest_of(hash), static_cast<int>(out.size()),
                                     reinterpret_cast<unsigned char*>(out.data())) == 1);
  return out;
}

// A comma and an equals sign have a meaning of their own.
std::string escaped_name(std::string_view user) {
  std::string out;
  for (char c : user) {
    if (c == ',') {
      out += "=2C";
    } else if (c == '=') {
      out += "=3D";
    } else {
      out += c;
    }
  }
  return out;
}

std::unexpected<Error> refuse(std::string_view why) {
  return fail(Code::sasl_authentication_failed, text("SCRAM: the broker ", why));
}

// "x=VALUE" of a list; nothing if it is not there in that place.
std::optional<std::string_view> attribute(std::string_view part, char name) {
  if (part.size() < 2 || part[0] != name || part[1] != '=') return std::nullopt;
  return part.substr(2);
}

}  // namespace

ScramClient::ScramClient(ScramHash hash, std::string user, std::string password, std::string nonce)
    : hash_(hash),
      user_(std::move(user)),
      password_(std::move(password)),
      nonce_(std::move(nonce)) {}

std::string ScramClient::make_nonce() {
  std::array<unsigned char, 24> random;
  ENSURE(getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()));
  return to_base64(random);
}

std::string ScramClient::bare() const { return text("n=", escaped_name(user_), ",r=", nonce_); }

std::string ScramClient::first() const { return text(kNoBinding, bare()); }

Result<std::string> ScramClient::final(std::string_view server_first) {
  Result<void> loaded = load_openssl();
  if (!loaded) return pass(loaded);
  if (server_first.size() > kMessageMax) return refuse("sent a message that is too long");
  std::vector<std::string_view> parts = split(server_first, ',');
  if (parts[0].starts_with("m=")) return refuse("demands an extension that we do not know");
  if (parts.size() < 3) return refuse("sent no challenge of SCRAM");
  auto nonce = attribute(parts[0], 'r');
  auto salt_text = attribute(parts[1], 's');
  auto count_text = attribute(parts[2], 'i');
  if (!nonce || !salt_text || !count_text) return refuse("sent no challenge of SCRAM");
  if (!nonce->starts_with(nonce_) || nonce->size() == nonce_.size()) {
    return refuse("answers somebody else: the nonce is not ours");
  }
  std::optional<std::string> salt = from_base64(*salt_text);
  if (!salt || salt->empty()) return refuse("sent a salt that is none");
  auto iterations = parse_number<int32_t>(*count_text);
  if (!iterations || *iterations < kIterationsMin || *iterations > kIterationsMax) {
    return refuse(text("asks for ", printable(*count_text), " iterations; ", kIterationsMin, " to ",
                       kIterationsMax, " are done"));
  }
  std::string salted_password = salted(hash_, password_, *salt, *iterations);
  std::string client_key = hmac(hash_, salted_password, "Client Key");
  std::string stored_key = digest(hash_, client_key);
  std::string without_proof = text("c=", to_base64(bytes_of(kNoBinding)), ",r=", *nonce);
  std::string signed_text = text(bare(), ",", server_first, ",", without_proof);
  std::string signature = hmac(hash_, stored_key, signed_text);
  server_signature_ = hmac(hash_, hmac(hash_, salted_password, "Server Key"), signed_text);
  std::string proof = client_key;
  for (size_t i = 0; i < proof.size(); i++) proof[i] = static_cast<char>(proof[i] ^ signature[i]);
  openssl().OPENSSL_cleanse(salted_password.data(), salted_password.size());
  return text(without_proof, ",p=", to_base64(bytes_of(proof)));
}

Result<void> ScramClient::verify(std::string_view server_final) const {
  if (server_final.size() > kMessageMax) return refuse("sent a message that is too long");
  std::string_view part = split(server_final, ',')[0];
  if (auto why = attribute(part, 'e')) return refuse(text("says ", printable(*why)));
  auto given = attribute(part, 'v');
  std::optional<std::string> signature = given ? from_base64(*given) : std::nullopt;
  bool right =
      signature && !server_signature_.empty() && signature->size() == server_signature_.size() &&
      openssl().CRYPTO_memcmp(signature->data(), server_signature_.data(), signature->size()) == 0;
  if (!right) return refuse("does not prove that it knows the password");
  return {};
}

}  // namespace eventd

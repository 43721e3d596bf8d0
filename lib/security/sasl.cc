// SPDX-License-Identifier: Apache-2.0
#include "lib/security/sasl.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/security/scram.h"

namespace eventd {

namespace {

constexpr std::pair<SaslMechanism, std::string_view> kNames[] = {
    {SaslMechanism::plain, "PLAIN"},
    {SaslMechanism::scram_sha_256, "SCRAM-SHA-256"},
    {SaslMechanism::scram_sha_512, "SCRAM-SHA-512"},
    {SaslMechanism::oauthbearer, "OAUTHBEARER"},
};

using Message = Result<std::optional<std::string>>;

// One message, and the broker has nothing to say but whether it is right.
class SingleMessage : public SaslExchange {
 public:
  explicit SingleMessage(std::string message) : message_(std::move(message)) {}

  Message next(std::string_view) override { return std::exchange(message_, std::nullopt); }

 private:
  std::optional<std::string> message_;
};

// A broker that refuses a token says why in JSON, and waits for one more byte.
class BearerExchange : public SaslExchange {
 public:
  explicit BearerExchange(std::string message) : message_(std::move(message)) {}

  Message next(std::string_view from_broker) override {
    if (message_) return std::exchange(message_, std::nullopt);
    if (from_broker.empty()) return std::nullopt;
    return fail(Code::sasl_authentication_failed,
                text("OAUTHBEARER: the broker refuses the token: ", printable(from_broker)));
  }

 private:
  std::optional<std::string> message_;
};

class ScramExchange : public SaslExchange {
 public:
  explicit ScramExchange(ScramClient client) : client_(std::move(client)) {}

  Message next(std::string_view from_broker) override {
    switch (step_++) {
      case 0:
        return client_.first();
      case 1: {
        Result<std::string> final = client_.final(from_broker);
        if (!final) return pass(final);
        return std::move(*final);
      }
      default: {
        Result<void> proved = client_.verify(from_broker);
        if (!proved) return pass(proved);
        return std::nullopt;
      }
    }
  }

 private:
  ScramClient client_;
  int step_ = 0;
};

bool is_extension_name(std::string_view name) {
  return !name.empty() && name != "auth" && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

Result<std::unique_ptr<SaslExchange>> begin_bearer(const SaslCredentials& credentials) {
  if (!credentials.token) return fail(Code::bad_config, "OAUTHBEARER needs a token");
  Result<std::string> token = credentials.token();
  if (!token) return pass(token);
  bool good =
      !token->empty() && std::ranges::all_of(*token, [](char c) { return c > ' ' && c < 127; });
  if (!good) return fail(Code::bad_config, "OAUTHBEARER: what was given is no token");
  std::string message = text(
      "n,,\x01"
      "auth=Bearer ",
      *token);
  for (const auto& [name, value] : credentials.extensions) {
    if (!is_extension_name(name)) {
      return fail(Code::bad_config,
                  text("OAUTHBEARER: no extension can be named ", printable(name)));
    }
    message += text("\x01", name, "=", value);
  }
  message += "\x01\x01";
  return std::make_unique<BearerExchange>(std::move(message));
}

}  // namespace

std::string_view name_of(SaslMechanism mechanism) {
  return std::ranges::find(kNames, mechanism, &std::pair<SaslMechanism, std::string_view>::first)
      ->second;
}

std::optional<SaslMechanism> sasl_mechanism_named(std::string_view name) {
  for (const auto& [mechanism, known] : kNames) {
    if (known == name) return mechanism;
  }
  return std::nullopt;
}

bool reveals_secret(SaslMechanism mechanism) {
  return mechanism == SaslMechanism::plain || mechanism == SaslMechanism::oauthbearer;
}

Result<std::unique_ptr<SaslExchange>> begin_sasl(const SaslCredentials& credentials) {
  if (credentials.mechanism == SaslMechanism::oauthbearer) return begin_bearer(credentials);
  if (credentials.user.empty()) {
    return fail(Code::bad_config, text(name_of(credentials.mechanism), " needs a user name"));
  }
  if (credentials.mechanism == SaslMechanism::plain) {
    std::string zero(1, '\0');
    bool splits = credentials.user.find('\0') != std::string::npos ||
                  credentials.password.find('\0') != std::string::npos;
    if (splits) return fail(Code::bad_config, "PLAIN: no NUL in a name or a password");
    return std::make_unique<SingleMessage>(
        text(zero, credentials.user, zero, credentials.password));
  }
  ScramHash hash =
      credentials.mechanism == SaslMechanism::scram_sha_256 ? ScramHash::sha256 : ScramHash::sha512;
  return std::make_unique<ScramExchange>(
      ScramClient(hash, credentials.user, credentials.password, ScramClient::make_nonce()));
}

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "lib/base/text.h"
#include "lib/client/client.h"
#include "lib/wire/messages/sasl.h"
#include "tests/unit/client/scripted_broker.h"

using namespace eventd;

namespace {

// A broker that wants PLAIN, and notes what it is asked.
struct Guarded {
  Guarded() : broker(loop, [this](auto& header, Bytes body) { return handle(header, body); }) {}

  UvLoop loop;
  std::vector<ApiKey> asked;
  std::string token;
  Code handshake = Code::none;
  Code verdict = Code::none;
  std::string challenge;  // where none belongs
  int64_t lifetime_ms = 0;
  ScriptedBroker broker;

  ClientConfig config(SaslMechanism mechanism = SaslMechanism::plain) {
    ClientConfig config;
    config.brokers = {broker.address()};
    ClientSecurity security;
    security.sasl = {.mechanism = mechanism, .user = "u", .password = "p"};
    config.security = std::make_shared<const ClientSecurity>(std::move(security));
    return config;
  }
  int count(ApiKey key) const { return static_cast<int>(std::ranges::count(asked, key)); }

 private:
  ScriptedBroker::Reply handle(const RequestHeader& header, Bytes body) {
    asked.push_back(ApiKey{header.api});
    switch (ApiKey{header.api}) {
      case ApiKey::api_versions:
        return ScriptedBroker::versions(header, {{ApiKey::api_versions, 3},
                                                 {ApiKey::metadata, 9},
                                                 {ApiKey::sasl_handshake, 1},
                                                 {ApiKey::sasl_authenticate, 2}});
      case ApiKey::sasl_handshake: {
        SaslHandshakeResponse response;
        response.error_code = static_cast<int16_t>(handshake);
        response.mechanisms = {"GSSAPI", "PLAIN"};
        return ScriptedBroker::answer(header, response);
      }
      case ApiKey::sasl_authenticate: {
        auto request = *decode<SaslAuthenticateRequest>(body, header.version);
        token = std::string(text_of(request.auth_bytes));
        SaslAuthenticateResponse response;
        response.error_code = static_cast<int16_t>(verdict);
        if (verdict != Code::none) response.error_message = "go\x1b[1m away";
        response.auth_bytes = bytes_of(challenge);
        response.session_lifetime_ms = lifetime_ms;
        return ScriptedBroker::answer(header, response);
      }
      default: {
        MetadataResponse response;
        return ScriptedBroker::answer(header, response);
      }
    }
  }
};

// Asks for metadata until `enough`.
Task<void> ask(Guarded& guarded, ClientConfig config, std::optional<Error>& error,
               std::function<bool()> enough) {
  Client client(guarded.loop, std::move(config));
  Instant give_up = guarded.loop.now() + std::chrono::seconds(10);
  do {
    Result<void> asked = co_await client.learn_brokers();
    if (!asked) error = asked.error();
  } while (!error && !enough() && guarded.loop.now() < give_up);
  client.close();
  co_await next_turn(guarded.loop);
}

std::string refusal(Guarded& guarded, ClientConfig config) {
  std::optional<Error> error;
  run_with(guarded.loop, guarded.broker,
           ask(guarded, std::move(config), error, [] { return true; }));
  if (!error) return "";
  CHECK(error->code == Code::sasl_authentication_failed);
  CHECK(guarded.count(ApiKey::metadata) == 0);
  return error->message;
}

bool says(const std::string& message, std::string_view part) {
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a client authenticates before it asks for anything") {
  Guarded guarded;
  CHECK(refusal(guarded, guarded.config()).empty());
  CHECK(guarded.asked == std::vector{ApiKey::api_versions, ApiKey::sasl_handshake,
                                     ApiKey::sasl_authenticate, ApiKey::metadata});
  CHECK(guarded.token == std::string("\0u\0p", 4));
}

TEST_CASE("a broker that lets us not in is told by what it says, and not asked again") {
  Guarded guarded;
  guarded.verdict = Code::sasl_authentication_failed;
  std::string said = refusal(guarded, guarded.config());
  CHECK(says(said, "go\\x1b[1m away"));
  CHECK(says(said, to_string(guarded.broker.address())));
  CHECK(guarded.broker.connections() == 1);
  Guarded other;
  other.handshake = Code::unsupported_sasl_mechanism;
  CHECK(says(refusal(other, other.config()), "no PLAIN there, but GSSAPI, PLAIN"));
  Guarded open;
  open.handshake = Code::illegal_sasl_state;
  CHECK(says(refusal(open, open.config()), "asks for no SASL"));
}

TEST_CASE("a broker that knows no SCRAM gets no proof of the password") {
  Guarded guarded;
  guarded.challenge = "r=mine,s=W22Z,i=1";
  CHECK(says(refusal(guarded, guarded.config(SaslMechanism::scram_sha_256)), "nonce"));
  CHECK(guarded.count(ApiKey::sasl_authenticate) == 1);
}

TEST_CASE("an authentication that ends is renewed between two requests") {
  Guarded guarded;
  guarded.lifetime_ms = 1;  // a second is the least
  std::optional<Error> error;
  run_with(guarded.loop, guarded.broker, ask(guarded, guarded.config(), error, [&] {
             return guarded.count(ApiKey::sasl_handshake) == 2;
           }));
  CHECK(!error);
  CHECK(guarded.broker.connections() == 1);
  REQUIRE(guarded.count(ApiKey::sasl_authenticate) == 2);
  auto at = std::ranges::find(guarded.asked.rbegin(), guarded.asked.rend(), ApiKey::sasl_handshake)
                .base();
  CHECK(*at == ApiKey::sasl_authenticate);
  CHECK(*(at + 1) == ApiKey::metadata);
}

// SPDX-License-Identifier: Apache-2.0
#include "lib/security/sasl.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"
#include "lib/security/scram.h"

namespace eventd {
namespace {

// The exchange that RFC 7677 shows.
constexpr const char* kNonce = "rOprNGfwEbeRWgbNEkqO";
constexpr const char* kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr const char* kServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

ScramClient pencil() { return {ScramHash::sha256, "user", "pencil", kNonce}; }

TEST_CASE("SCRAM-SHA-256 is spoken as RFC 7677 shows it") {
  ScramClient client = pencil();
  CHECK(client.first() == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  Result<std::string> final = client.final(kServerFirst);
  REQUIRE(final.has_value());
  CHECK(*final ==
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  CHECK(client.verify(kServerFinal).has_value());
}

TEST_CASE("a server that does not prove itself is not believed") {
  ScramClient client = pencil();
  CHECK_FALSE(client.verify(kServerFinal).has_value());  // before there was a challenge
  CHECK_FALSE(client.verify("v=").has_value());
  REQUIRE(client.final(kServerFirst).has_value());
  for (const char* wrong :
       {"", "v=", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", "v=AAAA", "x=1",
        "e=invalid-proof", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4"}) {
    Result<void> verified = client.verify(wrong);
    REQUIRE_FALSE(verified.has_value());
    CHECK(verified.error().code == Code::sasl_authentication_failed);
  }
  CHECK(client.verify("e=invalid-proof").error().message.find("invalid-proof") !=
        std::string::npos);
}

TEST_CASE("a challenge that is not SCRAM's, or asks for too much, is refused") {
  std::string ours = text("r=", std::string(kNonce));
  for (const std::string& wrong : {
           std::string(),
           std::string("r=somebody else's,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
           ours + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",  // no nonce of the server's own
           ours + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095",
           ours + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1000001",
           ours + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2147483647",
           ours + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999999999999",
           ours + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1",
           ours + "x,s=,i=4096",
           ours + "x,s=*,i=4096",
           ours + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==",
           "m=ext," + ours + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
           ours + std::string(5000, 'x') + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
       }) {
    ScramClient client = pencil();
    Result<std::string> final = client.final(wrong);
    REQUIRE_FALSE(final.has_value());
    CHECK(final.error().code == Code::sasl_authentication_failed);
    CHECK_FALSE(client.verify("v=").has_value());
  }
}

TEST_CASE("signs that mean something in SCRAM are escaped in a name, and nonces differ") {
  ScramClient client(ScramHash::sha512, "a=b,c", "p", "n");
  CHECK(client.first() == "n,,n=a=3Db=2Cc,r=n");
  CHECK(ScramClient::make_nonce() != ScramClient::make_nonce());
  CHECK(ScramClient::make_nonce().size() == 32);
  CHECK(ScramClient::make_nonce().find(',') == std::string::npos);
}

std::string first_message(const SaslCredentials& credentials) {
  auto exchange = begin_sasl(credentials);
  REQUIRE(exchange.has_value());
  auto message = (*exchange)->next("");
  REQUIRE(message.has_value());
  REQUIRE(message->has_value());
  return **message;
}

TEST_CASE("PLAIN and OAUTHBEARER are one message") {
  SaslCredentials plain{SaslMechanism::plain, "u", "p", {}, {}};
  CHECK(first_message(plain) == std::string("\0u\0p", 4));
  SaslCredentials bearer{
      SaslMechanism::oauthbearer, "", "", [] { return std::string("tok.en"); }, {{"traceId", "1"}}};
  CHECK(first_message(bearer) ==
        "n,,\x01"
        "auth=Bearer tok.en\x01traceId=1\x01\x01");
  auto exchange = begin_sasl(bearer);
  REQUIRE((*exchange)->next("").has_value());
  CHECK_FALSE((*exchange)->next("{\"status\":\"invalid_token\"}").has_value());
}

TEST_CASE("what a mechanism needs must be there, and be what it can carry") {
  CHECK_FALSE(begin_sasl({SaslMechanism::plain, "", "p", {}, {}}).has_value());
  CHECK_FALSE(begin_sasl({SaslMechanism::plain, std::string("a\0b", 3), "p", {}, {}}).has_value());
  CHECK_FALSE(begin_sasl({SaslMechanism::scram_sha_256, "", "p", {}, {}}).has_value());
  CHECK_FALSE(begin_sasl({SaslMechanism::oauthbearer, "", "", {}, {}}).has_value());
  for (const char* token : {"", "a b", "a\x01b", "a\n"}) {
    SaslCredentials bearer{
        SaslMechanism::oauthbearer, "", "", [token] { return std::string(token); }, {}};
    CHECK_FALSE(begin_sasl(bearer).has_value());
  }
  CHECK(sasl_mechanism_named("SCRAM-SHA-512") == SaslMechanism::scram_sha_512);
  CHECK_FALSE(sasl_mechanism_named("GSSAPI").has_value());
}

}  // namespace
}  // namespace eventd

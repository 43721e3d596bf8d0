// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/security_settings.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "lib/base/text.h"
#include "lib/cli/jaas.h"

using namespace eventd;

namespace {

using Made = Result<std::shared_ptr<const ClientSecurity>>;

Made config(std::vector<std::string> settings) {
  Result<Configuration> read = Configuration::read({.brokers = "h", .settings = settings});
  REQUIRE(read.has_value());
  return client_security(*read);
}

std::string refusal(std::vector<std::string> settings) {
  Made made = config(std::move(settings));
  return made ? "" : made.error().message;
}

bool says(const std::string& message, std::string_view part) {
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a login module of Java's is read") {
  auto entry =
      parse_jaas("org.x.PlainLoginModule required\n username=\"a b\" password='c;\\\"d' ;");
  REQUIRE(entry.has_value());
  CHECK(entry->module == "org.x.PlainLoginModule");
  CHECK(entry->options["username"] == "a b");
  CHECK(entry->options["password"] == "c;\"d");
  for (const char* bad : {"", "M", "M perhaps;", "M required", "M required a;", "M required a=;",
                          "M required a=\"b;", "M required a=b; N required;", "M required =b;"}) {
    Result<JaasEntry> none = parse_jaas(bad);
    CHECK_MESSAGE(!none, bad);
  }
  CHECK(!says(parse_jaas("M required password=\"geheim").error().message, "geheim"));
}

TEST_CASE("SASL comes from Kafka's and librdkafka's properties") {
  auto plain = config({"security.protocol=sasl_plaintext", "sasl.mechanisms=PLAIN",
                       "sasl.username=u", "sasl.password=p"});
  REQUIRE(plain.has_value());
  CHECK((*plain)->sasl->user == "u");
  CHECK((*plain)->sasl->password == "p");
  CHECK(!(*plain)->tls);
  auto scram = config({"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=SCRAM-SHA-512",
                       "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule "
                       "required username=\"u\" password=\"p\";"});
  REQUIRE(scram.has_value());
  CHECK((*scram)->sasl->mechanism == SaslMechanism::scram_sha_512);
  setenv("EVENT_SASL_PASSWORD", "from the environment", 1);
  auto environment = config(
      {"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=SCRAM-SHA-256", "sasl.username=u"});
  unsetenv("EVENT_SASL_PASSWORD");
  REQUIRE(environment.has_value());
  CHECK((*environment)->sasl->password == "from the environment");
  auto token = config({"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=OAUTHBEARER",
                       "sasl.oauthbearer.token.command=echo t", "sasl.oauthbearer.extensions=a=b"});
  REQUIRE(token.has_value());
  CHECK(*(*token)->sasl->token() == "t");
  CHECK((*token)->sasl->extensions.front().second == "b");
}

TEST_CASE("what is not heeded is refused by its name") {
  for (const char* name : {"sasl.kerberos.service.name", "ssl.provider", "ssl.engine.factory.class",
                           "security.providers", "sasl.client.callback.handler.class",
                           "sasl.login.class", "ssl.keymanager.algorithm", "sasl.oauthbearer.scope",
                           "ssl.crl.location", "sasl.anything"}) {
    CHECK(says(refusal({text(std::string_view(name), "=x")}), name));
  }
  CHECK(refusal({"ssl.keymanager.algorithm=SunX509"}).empty());
  CHECK(refusal({"client.dns.lookup=x"}).empty());
  CHECK(says(refusal({"security.protocol=TLS"}), "security.protocol"));
  std::string sasl = "security.protocol=SASL_PLAINTEXT";
  CHECK(says(refusal({sasl}), "sasl.mechanism"));
  CHECK(says(refusal({sasl, "sasl.mechanism=GSSAPI"}), "GSSAPI"));
  CHECK(says(refusal({sasl, "sasl.mechanism=PLAIN"}), "sasl.username"));
  CHECK(says(refusal({sasl, "sasl.mechanism=PLAIN", "sasl.username=u"}), "EVENT_SASL_PASSWORD"));
  CHECK(says(refusal({sasl, "sasl.mechanism=OAUTHBEARER"}), "sasl.oauthbearer.token"));
  CHECK(says(refusal({sasl, "sasl.mechanism=OAUTHBEARER",
                      "sasl.oauthbearer.token.endpoint.url=https://h"}),
             "only file://"));
  CHECK(
      says(refusal({sasl, "sasl.mechanism=PLAIN", "sasl.jaas.config=a.ScramLoginModule required;"}),
           "PlainLoginModule"));
  CHECK(says(
      refusal({sasl, "sasl.mechanism=PLAIN", "sasl.jaas.config=a.PlainLoginModule required x=y;"}),
      "option x"));
}

TEST_CASE("TLS is made when it is asked for, and says what is wrong with its files") {
  CHECK(*config({}) == nullptr);
  CHECK((*config({"security.protocol=SSL"}))->tls);
  std::string ssl = "security.protocol=SSL";
  CHECK(says(refusal({ssl, "ssl.ca.location=/nowhere"}), "/nowhere"));
  CHECK(says(refusal({ssl, "ssl.ca.location=/dev/null"}), "neither PEM nor a PKCS#12"));
  CHECK(says(refusal({ssl, "ssl.ca.pem=-----BEGIN CERTIFICATE-----"}), "no certificate"));
  CHECK(says(refusal({ssl, "ssl.truststore.certificates=\xfe\xed\xfe\xed"}), "JKS"));
  CHECK(says(refusal({ssl, "ssl.truststore.type=BKS"}), "ssl.truststore.type"));
  CHECK(says(refusal({ssl, "ssl.enabled.protocols=TLSv1.1"}), "nothing older"));
  CHECK(says(refusal({ssl, "ssl.cipher.suites=ROT13"}), "ROT13"));
  CHECK(refusal({ssl, "ssl.cipher.suites=TLS_AES_128_GCM_SHA256"}).empty());
  CHECK(says(refusal({ssl, "ssl.endpoint.identification.algorithm=ldaps"}), "https"));
  CHECK(refusal({ssl, "ssl.endpoint.identification.algorithm="}).empty());
}

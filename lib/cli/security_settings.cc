// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/security_settings.h"

#include <algorithm>
#include <cstdlib>

#include "lib/base/text.h"
#include "lib/cli/jaas.h"
#include "lib/cli/property_file.h"

namespace eventd {

namespace {

constexpr std::string_view kHeeded[] = {
    "security.protocol",
    "sasl.mechanism",
    "sasl.username",
    "sasl.password",
    "sasl.jaas.config",
    "sasl.oauthbearer.token",
    "sasl.oauthbearer.extensions",
    "sasl.oauthbearer.token.endpoint.url",
    "sasl.login.callback.handler.class",
    "ssl.endpoint.identification.algorithm",
    "ssl.truststore.location",
    "ssl.truststore.certificates",
    "ssl.truststore.password",
    "ssl.truststore.type",
    "ssl.keystore.location",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.key.password",
    "ssl.ca.location",
    "ssl.ca.pem",
    "ssl.certificate.location",
    "ssl.certificate.pem",
    "ssl.key.location",
    "ssl.key.pem",
    "ssl.enabled.protocols",
    "ssl.protocol",
    "ssl.cipher.suites",
};

// What changes nothing is heeded by doing nothing: the values that Java's client has by itself, and
// what only says when a JVM renews a login, which we do each time we authenticate.
constexpr std::pair<std::string_view, std::string_view> kAsTheyAre[] = {
    {"ssl.keymanager.algorithm", "SunX509"},         {"ssl.trustmanager.algorithm", "PKIX"},
    {"enable.ssl.certificate.verification", "true"}, {"sasl.oauthbearer.method", "default"},
    {"sasl.login.refresh.window.factor", "0.8"},     {"sasl.login.refresh.window.jitter", "0.05"},
    {"sasl.login.refresh.min.period.seconds", "60"}, {"sasl.login.refresh.buffer.seconds", "300"},
};

std::unexpected<Error> wrong(const Configuration& from, std::string_view name,
                             std::string_view why) {
  const Setting* setting = from.find(name);
  std::string origin = setting == nullptr ? "" : text(setting->origin, " ");
  return fail(Code::bad_config, text(origin, name, ": ", why));
}

std::string value_of(const Configuration& from, std::string_view name,
                     std::string_view otherwise = "") {
  const Setting* setting = from.find(name);
  return setting == nullptr ? std::string(otherwise) : setting->value;
}

// The way to a secret belongs to the secret.
std::string_view without_way(std::string_view name) {
  for (std::string_view way : {".file", ".command"}) {
    std::string_view base = name.substr(0, name.size() - std::min(name.size(), way.size()));
    if (name.ends_with(way) && is_secret_property(base)) return base;
  }
  return name;
}

Result<void> refuse_unknown(const Configuration& from) {
  for (const auto& [name, setting] : from.all()) {
    if (!is_security_property(name)) continue;
    if (std::ranges::find(kHeeded, without_way(name)) != std::end(kHeeded)) continue;
    bool changes_nothing =
        setting.value.empty() || std::ranges::any_of(kAsTheyAre, [&](const auto& one) {
          return one.first == name && one.second == setting.value;
        });
    if (!changes_nothing) return wrong(from, name, "is not supported");
  }
  return {};
}

constexpr char kDerSequence = 0x30;  // what a PKCS#12 file begins with

// Java reads PKCS12 where it is told JKS: what a store is its first bytes say.
Result<std::optional<TlsConfig::Store>> told_apart(TlsConfig::Store store) {
  if (store.content.starts_with("\xfe\xed\xfe\xed")) {
    return fail(Code::bad_config, text(printable(store.name),
                                       ": Java's own JKS is not read; keytool "
                                       "-importkeystore -deststoretype PKCS12"));
  }
  bool is_pem = store.content.find("-----BEGIN ") != std::string::npos;
  if (!is_pem && !store.content.starts_with(kDerSequence)) {
    return fail(Code::bad_config,
                text(printable(store.name), " holds neither PEM nor a PKCS#12 file"));
  }
  store.format = is_pem ? TlsConfig::Format::pem : TlsConfig::Format::pkcs12;
  return std::optional(std::move(store));
}

// A store from the first property that names a file, or the second that holds PEM.
Result<std::optional<TlsConfig::Store>> store_from(const Configuration& from,
                                                   std::string_view location, std::string_view pem,
                                                   std::string_view password) {
  TlsConfig::Store store;
  Result<std::optional<std::string>> secret = from.secret(password);
  if (!secret) return pass(secret);
  store.password = secret->value_or("");
  if (const Setting* file = from.find(location)) {
    Result<std::string> content = read_config_file(file->value);
    if (!content) return pass(content, text(file->origin, " ", location));
    store.content = std::move(*content);
    store.name = text(location, " ", file->value);
    return told_apart(std::move(store));
  }
  Result<std::optional<std::string>> inside = from.secret(pem);
  if (!inside) return pass(inside);
  if (!*inside) return std::optional<TlsConfig::Store>();
  store.content = std::move(**inside);
  store.name = std::string(pem);
  return told_apart(std::move(store));
}

Result<void> check_type(const Configuration& from, std::string_view name) {
  std::string type = value_of(from, name, "JKS");
  if (type == "JKS" || type == "PKCS12" || type == "PEM") return {};
  return wrong(from, name, "PKCS12 or PEM");
}

Result<void> stores(const Configuration& from, TlsConfig& config) {
  Result<void> types = check_type(from, "ssl.truststore.type");
  if (types) types = check_type(from, "ssl.keystore.type");
  if (!types) return types;
  auto trusted = store_from(from, "ssl.truststore.location", "ssl.truststore.certificates",
                            "ssl.truststore.password");
  if (trusted && !*trusted) {
    trusted = store_from(from, "ssl.ca.location", "ssl.ca.pem", "ssl.truststore.password");
  }
  if (!trusted) return pass(trusted);
  config.trusted = std::move(*trusted);
  auto own = store_from(from, "ssl.keystore.location", "ssl.keystore.certificate.chain",
                        "ssl.keystore.password");
  if (own && !*own) {
    own = store_from(from, "ssl.certificate.location", "ssl.certificate.pem", "ssl.key.password");
  }
  if (!own) return pass(own);
  auto key = store_from(from, "ssl.key.location", "ssl.keystore.key", "ssl.key.password");
  if (key && !*key) key = store_from(from, "", "ssl.key.pem", "ssl.key.password");
  if (!key) return pass(key);
  if (!*own && *key) return fail(Code::bad_config, text((*key)->name, ": without a certificate"));
  Result<std::optional<std::string>> password = from.secret("ssl.key.password");
  if (!password) return pass(password);
  if (*key) {
    (*own)->content += text("\n", (*key)->content);
    (*own)->password = (*key)->password;
  }
  // A PEM store's key has the key's password; PKCS12 has one for all.
  if (*own && (*own)->password.empty()) (*own)->password = password->value_or("");
  config.own = std::move(*own);
  return {};
}

Result<void> versions(const Configuration& from, TlsConfig& config) {
  std::string all = value_of(from, "ssl.enabled.protocols", "TLSv1.2,TLSv1.3");
  bool has_1_2 = false;
  bool has_1_3 = false;
  for (std::string_view one : split(all, ',')) {
    one = trim(one);
    if (one != "TLSv1.2" && one != "TLSv1.3") {
      return wrong(from, "ssl.enabled.protocols", "TLSv1.2 and TLSv1.3, nothing older");
    }
    (one == "TLSv1.2" ? has_1_2 : has_1_3) = true;
  }
  config.at_most_1_2 = !has_1_3;
  config.at_least_1_3 = !has_1_2;
  std::string protocol = value_of(from, "ssl.protocol", "TLSv1.3");
  if (protocol != "TLSv1.3" && protocol != "TLSv1.2" && protocol != "TLS") {
    return wrong(from, "ssl.protocol", "TLSv1.3, TLSv1.2 or TLS");
  }
  // Java offers nothing newer than the protocol of its context.
  if (protocol == "TLSv1.2" && has_1_2) config.at_most_1_2 = true;
  std::string suites = value_of(from, "ssl.cipher.suites");
  for (std::string_view suite : split(suites, ',')) {
    suite = trim(suite);
    // TLS 1.3 has suites of its own, in a list of its own.
    bool is_1_3 = suite.starts_with("TLS_") && suite.find("_WITH_") == std::string_view::npos;
    std::string& list = is_1_3 ? config.ciphers_of_1_3 : config.ciphers;
    list += text(list.empty() || suite.empty() ? "" : ":", suite);
  }
  return {};
}

Result<std::shared_ptr<const TlsContext>> tls_context(const Configuration& from) {
  TlsConfig config;
  std::string algorithm = value_of(from, "ssl.endpoint.identification.algorithm", "https");
  bool known =
      algorithm.empty() || algorithm == "https" || algorithm == "HTTPS" || algorithm == "none";
  if (!known) {
    return wrong(from, "ssl.endpoint.identification.algorithm", "https, or nothing to check none");
  }
  config.check_host_name = algorithm == "https" || algorithm == "HTTPS";
  Result<void> good = versions(from, config);
  if (good) good = stores(from, config);
  if (!good) return pass(good);
  return TlsContext::make(config);
}

// What a login module of Java's says, as properties say it.
Result<void> take_jaas(const JaasEntry& entry, SaslCredentials& sasl) {
  std::string_view name = entry.module;
  if (size_t dot = name.rfind('.'); dot != std::string_view::npos) name.remove_prefix(dot + 1);
  bool is_scram = sasl.mechanism == SaslMechanism::scram_sha_256 ||
                  sasl.mechanism == SaslMechanism::scram_sha_512;
  std::string_view fits = sasl.mechanism == SaslMechanism::plain ? "PlainLoginModule"
                          : is_scram                             ? "ScramLoginModule"
                                                                 : "OAuthBearerLoginModule";
  if (name != fits) {
    return fail(Code::bad_config, text("sasl.jaas.config: ", printable(entry.module),
                                       " is not for ", name_of(sasl.mechanism), ", ", fits, " is"));
  }
  for (const auto& [option, value] : entry.options) {
    if (fits != "OAuthBearerLoginModule" && option == "username") {
      sasl.user = value;
    } else if (fits != "OAuthBearerLoginModule" && option == "password") {
      sasl.password = value;
    } else if (fits == "OAuthBearerLoginModule" && option.starts_with("extension_")) {
      sasl.extensions.emplace_back(option.substr(10), value);
    } else {
      return fail(Code::bad_config,
                  text("sasl.jaas.config: option ", printable(option), " is not supported"));
    }
  }
  return {};
}

Result<void> take_token(const Configuration& from, SaslCredentials& sasl) {
  constexpr std::string_view kToken = "sasl.oauthbearer.token";
  constexpr std::string_view kUrl = "sasl.oauthbearer.token.endpoint.url";
  constexpr std::string_view kFile = "file://";
  if (const Setting* handler = from.find("sasl.login.callback.handler.class")) {
    if (!handler->value.ends_with(".OAuthBearerLoginCallbackHandler")) {
      return wrong(from, "sasl.login.callback.handler.class", "a Java class cannot be called");
    }
  }
  if (const Setting* command = from.find(text(kToken, ".command"))) {
    sasl.token = [line = command->value] { return run_secret_command(line); };
  } else if (const Setting* file = from.find(text(kToken, ".file"))) {
    sasl.token = [path = file->value] { return read_secret_file(path); };
  } else if (const Setting* plain = from.find(kToken)) {
    sasl.token = [token = plain->value]() -> Result<std::string> { return token; };
  } else if (const Setting* url = from.find(kUrl)) {
    if (!url->value.starts_with(kFile)) {
      return wrong(
          from, kUrl,
          text("only file:// is supported; ", kToken, ".command can ask an authority for a token"));
    }
    sasl.token = [path = url->value.substr(kFile.size())] { return read_secret_file(path); };
  } else {
    return fail(Code::bad_config, text("OAUTHBEARER: ", kToken, ".file or .command is missing"));
  }
  std::string extensions = value_of(from, "sasl.oauthbearer.extensions");
  for (std::string_view pair : split(extensions, ',')) {
    size_t equals = pair.find('=');
    if (trim(pair).empty()) continue;
    if (equals == std::string_view::npos) {
      return wrong(from, "sasl.oauthbearer.extensions", "NAME=VALUE,..");
    }
    sasl.extensions.emplace_back(trim(pair.substr(0, equals)), trim(pair.substr(equals + 1)));
  }
  return {};
}

Result<SaslCredentials> sasl_config(const Configuration& from) {
  SaslCredentials sasl;
  std::string name = value_of(from, "sasl.mechanism");
  std::optional<SaslMechanism> mechanism = sasl_mechanism_named(name);
  if (!mechanism) {
    return wrong(from, "sasl.mechanism",
                 text("PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER",
                      name.empty() ? "" : ", not ", printable(name)));
  }
  sasl.mechanism = *mechanism;
  Result<std::optional<std::string>> jaas = from.secret("sasl.jaas.config");
  if (!jaas) return pass(jaas);
  if (*jaas) {
    Result<JaasEntry> entry = parse_jaas(**jaas);
    if (!entry) return pass(entry);
    Result<void> taken = take_jaas(*entry, sasl);
    if (!taken) return pass(taken);
  }
  if (sasl.mechanism == SaslMechanism::oauthbearer) {
    Result<void> token = take_token(from, sasl);
    if (!token) return pass(token);
    return sasl;
  }
  sasl.user = value_of(from, "sasl.username", sasl.user);
  Result<std::optional<std::string>> password = from.secret("sasl.password");
  if (!password) return pass(password);
  const char* variable = std::getenv("EVENT_SASL_PASSWORD");
  if (*password) {
    sasl.password = **password;
  } else if (sasl.password.empty() && variable != nullptr) {
    sasl.password = variable;
  }
  if (sasl.user.empty()) return fail(Code::bad_config, text(name, ": sasl.username is missing"));
  if (sasl.password.empty()) {
    return fail(Code::bad_config, text(name,
                                       ": there is no password: sasl.password.file, "
                                       "sasl.password.command or EVENT_SASL_PASSWORD"));
  }
  return sasl;
}

}  // namespace

Result<std::shared_ptr<const ClientSecurity>> client_security(const Configuration& from) {
  auto config = std::make_shared<ClientSecurity>();
  Result<void> known = refuse_unknown(from);
  if (!known) return pass(known);
  std::string protocol = value_of(from, "security.protocol", "PLAINTEXT");
  std::ranges::transform(protocol, protocol.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  bool has_tls = protocol == "SSL" || protocol == "SASL_SSL";
  bool has_sasl = protocol == "SASL_PLAINTEXT" || protocol == "SASL_SSL";
  if (!has_tls && !has_sasl && protocol != "PLAINTEXT") {
    return wrong(from, "security.protocol", "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL");
  }
  if (!has_tls && !has_sasl) return nullptr;
  if (has_sasl) {
    Result<SaslCredentials> sasl = sasl_config(from);
    if (!sasl) return pass(sasl);
    config->sasl = std::move(*sasl);
  }
  if (has_tls) {
    Result<std::shared_ptr<const TlsContext>> tls = tls_context(from);
    if (!tls) return pass(tls);
    config->tls = std::move(*tls);
  }
  return config;
}

}  // namespace eventd

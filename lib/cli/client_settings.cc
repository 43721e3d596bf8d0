// SPDX-License-Identifier: Apache-2.0
// What the properties of a configuration mean for the client, the producer and the fetcher.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/base/units.h"
#include "lib/cli/command_line.h"
#include "lib/cli/security_settings.h"
#include "lib/cli/topic_cache.h"

namespace eventd {

namespace {

constexpr Property kProperties[] = {
    {"client.id", "the name by which brokers know the tool (its own name)"},
    {"reconnect.backoff.ms", "the pause before who was not reached is called again (50)"},
    {"reconnect.backoff.max.ms", "the longest such pause: it doubles each time (1000)"},
    {"request.timeout.ms", "how long a broker may take for an answer (30000)"},
    {"retry.backoff.ms", "the pause before something is tried again (100)"},
    {"retry.backoff.max.ms", "the longest such pause: it doubles each time (1000)"},
    {"socket.connection.setup.timeout.ms", "how long all brokers may be silent (5000)"},
};

std::optional<Codec> codec_named(std::string_view name) {
  for (Codec codec : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
    if (name_of(codec) == name) return codec;
  }
  return std::nullopt;
}

std::unexpected<Error> wrong(const Setting& setting, std::string_view name, std::string_view why) {
  return fail(Code::bad_usage, text(setting.origin, " ", name, ": ", why));
}

// A number of at least `least`, where there is one.
Result<std::optional<int32_t>> number_in(const Configuration& configuration, std::string_view name,
                                         int32_t least) {
  const Setting* given = configuration.find(name);
  if (given == nullptr) return std::optional<int32_t>();
  Result<std::string> converted = in_kafka_units(name, given->value);
  if (!converted) return pass(converted, given->origin);
  auto value = parse_number<int32_t>(*converted);
  if (!value || *value < least) {
    return wrong(*given, name, text(printable(given->value), " is no number from ", least, " on"));
  }
  return value;
}

// Puts a number into its place, where there is one.
template <class Place>
Result<void> take_number(const Configuration& configuration, std::string_view name, int32_t least,
                         Place& place) {
  Result<std::optional<int32_t>> number = number_in(configuration, name, least);
  if (!number) return pass(number);
  if (*number) place = Place(**number);
  return {};
}

Result<void> take_backoff(const Configuration& configuration, std::string_view name,
                          Backoff& backoff) {
  Result<void> good = take_number(configuration, text(name, ".ms"), 1, backoff.first);
  if (good) good = take_number(configuration, text(name, ".max.ms"), 1, backoff.longest);
  return good;
}

}  // namespace

std::span<const Property> client_properties() { return kProperties; }

Result<void> CommandLine::check_settings() const {
  for (const std::string& given : common.settings) {
    Result<void> good = check_setting(given, properties_, tool_);
    if (!good) return good;
  }
  if (common.properties && common.profile) {
    return fail(Code::bad_usage, "--properties and --profile contradict each other");
  }
  return {};
}

Result<const Configuration*> CommandLine::configuration() const {
  if (!configuration_) {
    Result<Configuration> read =
        Configuration::read({common.brokers, common.properties, common.profile, common.settings});
    if (!read) return pass(read);
    configuration_ = std::move(*read);
  }
  return &*configuration_;
}

Result<ClientConfig> CommandLine::client_config() const {
  Result<const Configuration*> read = configuration();
  if (!read) return pass(read);
  const Configuration& from = **read;
  ClientConfig config;
  const Setting* id = from.find("client.id");
  config.client_id = id == nullptr ? tool_ : id->value;
  Result<std::vector<Address>> brokers = from.brokers();
  if (!brokers) return pass(brokers);
  config.brokers = std::move(*brokers);
  Result<std::shared_ptr<const ClientSecurity>> security = client_security(from);
  if (!security) return pass(security);
  config.security = std::move(*security);
  if (config.security && config.security->sasl && !config.security->tls &&
      reveals_secret(config.security->sasl->mechanism)) {
    auto far = std::ranges::find_if_not(config.brokers, is_loopback);
    if (far != config.brokers.end()) {
      return fail(Code::bad_config,
                  text(to_string(*far), ": ", name_of(config.security->sasl->mechanism),
                       " would show the secret to all on the way; security.protocol=SASL_SSL "
                       "encrypts it"));
    }
  }
  Result<void> good = take_number(from, "request.timeout.ms", 1, config.request_timeout);
  if (good) good = take_backoff(from, "retry.backoff", config.retry_backoff);
  if (good) good = take_backoff(from, "reconnect.backoff", config.reconnect_backoff);
  if (good) {
    good = take_number(from, "socket.connection.setup.timeout.ms", 1, config.connect_timeout);
  }
  if (!good) return pass(good);
  config.on_topics = [cache = topic_cache_path(config.brokers)](const auto& topics, bool all) {
    remember_topics(cache, topics, all);
  };
  return config;
}

Result<ProducerConfig> CommandLine::producer_config() const {
  Result<const Configuration*> read = configuration();
  if (!read) return pass(read);
  const Configuration& from = **read;
  ProducerConfig config;
  if (const Setting* given = from.find("compression.type")) {
    std::optional<Codec> codec = codec_named(given->value);
    if (!codec) {
      return wrong(*given, "compression.type",
                   text("none, gzip, snappy, lz4 or zstd, not ", printable(given->value)));
    }
    config.codec = *codec;
  }
  Result<void> good = take_number(from, "batch.size", 0, config.batch_bytes);
  if (good) good = take_number(from, "linger.ms", 0, config.linger);
  if (good) good = take_number(from, "delivery.timeout.ms", 1, config.delivery_timeout);
  if (!good) return pass(good);
  // A Java client's file may ask for less than it gets.
  const Setting* acks = from.find("acks");
  if (acks != nullptr && acks->origin == "-X" && acks->value != "all" && acks->value != "-1") {
    return fail(Code::bad_usage, "-X acks: an idempotent producer has acks=all");
  }
  return config;
}

Result<FetcherConfig> CommandLine::fetcher_config() const {
  Result<const Configuration*> read = configuration();
  if (!read) return pass(read);
  FetcherConfig config;
  Result<void> good = take_number(**read, "fetch.max.bytes", 1, config.bytes_max);
  if (good) {
    good = take_number(**read, "max.partition.fetch.bytes", 1, config.partition_bytes_max);
  }
  if (good) good = take_number(**read, "fetch.max.wait.ms", 0, config.wait_max);
  if (!good) return pass(good);
  const Setting* level = (*read)->find("isolation.level");
  if (level == nullptr) return config;
  if (level->value != "read_committed" && level->value != "read_uncommitted") {
    return wrong(*level, "isolation.level",
                 text("read_committed or read_uncommitted, not ", printable(level->value)));
  }
  config.committed_only = level->value == "read_committed";
  return config;
}

}  // namespace eventd

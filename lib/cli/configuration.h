// SPDX-License-Identifier: Apache-2.0
// Where brokers, credentials and client properties come from.
//
// Brokers and credentials come together, from the first of these that is given: --properties FILE
// or --profile NAME; -b; EVENT_BROKERS; EVENT_PROFILE; KAFKA_BOOTSTRAP_SERVERS; the default profile
// of config.json; 127.0.0.1:9092. -b beside the first two replaces their brokers, and -X replaces
// single properties. Names are Kafka's or librdkafka's. What -X names must be a property of the
// tool; a file may hold a Java client's other properties (serializers, group ids), which are left
// alone, but whatever begins with security., sasl. or ssl. is heeded or refused.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/net/address.h"

namespace eventd {

// A client property by Kafka's name, and what it is good for.
struct Property {
  const char* name;
  const char* about;
};

struct Setting {
  std::string value;
  std::string origin;  // "-X", "client.properties:3", "config.json:2 (profile dev)"
};

struct GivenConfiguration {
  std::string brokers;                    // -b; empty: not given
  std::optional<std::string> properties;  // --properties
  std::optional<std::string> profile;     // --profile
  std::vector<std::string> settings;      // -X, each KEY=VALUE
};

class Configuration {
 public:
  // Reads what is given, the environment, and the files that they name. bad_usage or bad_config
  // with file and line.
  static Result<Configuration> read(const GivenConfiguration& given);

  // By Kafka's name.
  const Setting* find(std::string_view name) const;
  // The same, from NAME.file or NAME.command if NAME itself is not there. A command runs now, with
  // /dev/null for its stdin; nothing where there is neither.
  Result<std::optional<std::string>> secret(std::string_view name) const;
  const std::map<std::string, Setting, std::less<>>& all() const { return settings_; }
  Result<std::vector<Address>> brokers() const;

 private:
  void put(std::string_view name, std::string_view value, std::string origin);
  Result<void> read_properties(const std::string& path);
  Result<void> read_profile(const std::string& name, std::string_view asked_by);
  Result<bool> read_default_profile();
  Result<void> find_source(const GivenConfiguration& given);

  std::map<std::string, Setting, std::less<>> settings_;
  std::string brokers_;
};

// What is wrong with an -X: not KEY=VALUE, a property that the tool does not have, a secret.
Result<void> check_setting(std::string_view given, std::span<const Property> known,
                           std::string_view tool);

// Kafka's name for a property of librdkafka's; any other name as it is.
std::string_view kafka_name(std::string_view name);
// Whether a name begins with security., sasl. or ssl.
bool is_security_property(std::string_view name);
bool is_secret_property(std::string_view name);

// The first line of a file, or of what a shell command prints.
Result<std::string> read_secret_file(const std::string& path);
Result<std::string> run_secret_command(const std::string& command);

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/configuration.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "lib/base/edit_distance.h"
#include "lib/base/text.h"
#include "lib/cli/property_file.h"

namespace eventd {

namespace {

using Json = nlohmann::ordered_json;

constexpr uint16_t kDefaultPort = 9092;
constexpr size_t kSecretMax = 64 << 10;
constexpr std::string_view kServers = "bootstrap.servers";

// librdkafka's names, and Kafka's for the same.
constexpr std::pair<std::string_view, std::string_view> kOtherNames[] = {
    {"metadata.broker.list", "bootstrap.servers"},
    {"sasl.mechanisms", "sasl.mechanism"},
    {"socket.timeout.ms", "request.timeout.ms"},
    {"compression.codec", "compression.type"},
    {"queue.buffering.max.ms", "linger.ms"},
    {"message.timeout.ms", "delivery.timeout.ms"},
    {"request.required.acks", "acks"},
    {"fetch.wait.max.ms", "fetch.max.wait.ms"},
    {"fetch.message.max.bytes", "max.partition.fetch.bytes"},
};

constexpr std::string_view kSecrets[] = {
    "sasl.password",
    "sasl.jaas.config",
    "sasl.oauthbearer.token",
    "ssl.key.password",
    "ssl.keystore.password",
    "ssl.truststore.password",
    "ssl.keystore.key",
    "sasl.oauthbearer.client.secret",
    "ssl.key.pem",
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool exists(const std::string& path) {
  struct stat ignored {};
  return stat(path.c_str(), &ignored) == 0;
}

// The user's, then the system's; those that are there.
std::vector<std::string> config_files() {
  std::string home = environment("XDG_CONFIG_HOME");
  if (home.empty()) home = text(environment("HOME"), "/.config");
  std::vector<std::string> found;
  for (std::string path :
       {text(home, "/event/config.json"), std::string("/etc/event/config.json")}) {
    if (exists(path)) found.push_back(std::move(path));
  }
  return found;
}

int line_at(std::string_view content, size_t at) {
  std::string_view before = content.substr(0, std::min(at, content.size()));
  return 1 + static_cast<int>(std::ranges::count(before, '\n'));
}

// A config.json that is one, and its text, in which places are looked up.
struct ConfigFile {
  std::string path;
  std::string content;
  Json json;

  // Where `key` stands behind `from`, as far as a search can tell.
  size_t place(const std::string& key, size_t from = 0) const {
    size_t at = content.find(text("\"", key, "\""), from);
    return at == std::string::npos ? from : at;
  }
  std::unexpected<Error> wrong(size_t at, std::string_view what) const {
    return fail(Code::bad_config, text(path, ":", line_at(content, at), ": ", what));
  }
};

Result<ConfigFile> read_json(const std::string& path) {
  ConfigFile file{path, {}, {}};
  Result<std::string> content = read_config_file(path);
  if (!content) return pass(content);
  file.content = std::move(*content);
  try {
    file.json = Json::parse(file.content);
  } catch (const Json::parse_error& error) {
    return file.wrong(error.byte == 0 ? 0 : error.byte - 1, "this is no JSON");
  }
  if (!file.json.is_object()) return file.wrong(0, "an object {\"profiles\":{..}} is expected");
  for (const auto& [key, value] : file.json.items()) {
    if (key != "default" && key != "profiles") {
      return file.wrong(file.place(key),
                        text("\"", printable(key), "\": there are \"default\" and \"profiles\""));
    }
    bool fits = key == "default" ? value.is_string() : value.is_object();
    if (!fits) return file.wrong(file.place(key), text("\"", key, "\" has another kind of value"));
  }
  return file;
}

// popen() needs a shell anyway, and commands are the user's own.
Result<std::string> output_of(const std::string& command) {
  std::string line = text("{ ", command, "\n} </dev/null");
  FILE* pipe = popen(line.c_str(), "re");
  if (pipe == nullptr) return fail(Code::bad_config, "there is no more process");
  std::string out;
  char room[4096];
  size_t got = 0;
  while (out.size() <= kSecretMax && (got = fread(room, 1, sizeof room, pipe)) > 0) {
    out.append(room, got);
  }
  int status = pclose(pipe);
  if (out.size() > kSecretMax) return fail(Code::bad_config, "prints more than 64 KiB");
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
    return fail(Code::bad_config, text("ends with status ", WEXITSTATUS(status)));
  }
  if (!WIFEXITED(status)) return fail(Code::bad_config, "is ended by a signal");
  return out;
}

// A file or a command ends its secret with a newline that is not meant. PEM has lines.
std::string without_newline(std::string secret) {
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  return secret;
}

}  // namespace

std::string_view kafka_name(std::string_view name) {
  for (const auto& [other, kafka] : kOtherNames) {
    if (name == other) return kafka;
  }
  return name;
}

bool is_security_property(std::string_view name) {
  return name.starts_with("security.") || name.starts_with("sasl.") || name.starts_with("ssl.") ||
         name == "enable.ssl.certificate.verification";
}

bool is_secret_property(std::string_view name) {
  return std::ranges::find(kSecrets, name) != std::end(kSecrets);
}

Result<std::string> read_secret_file(const std::string& path) {
  Result<std::string> content = read_config_file(path);
  if (!content) return content;
  return without_newline(std::move(*content));
}

Result<std::string> run_secret_command(const std::string& command) {
  Result<std::string> out = output_of(command);
  if (!out) return pass(out, text("command ", printable(command)));
  return without_newline(std::move(*out));
}

Result<void> check_setting(std::string_view given, std::span<const Property> known,
                           std::string_view tool) {
  size_t equals = given.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    // It may be a secret with something else behind it: the value is not repeated.
    return fail(Code::bad_usage, text("-X ", printable(given), ": not KEY=VALUE"));
  }
  std::string_view name = given.substr(0, equals);
  std::string_view kafka = kafka_name(name);
  if (is_secret_property(kafka)) {
    return fail(Code::bad_usage, text("-X ", name, ": everybody can see a command line; use ", name,
                                      ".file, ", name, ".command, --properties or --profile"));
  }
  if (is_security_property(kafka) || kafka == kServers) return {};
  if (std::ranges::find(known, kafka, &Property::name) != known.end()) return {};
  std::string near;
  size_t best = 4;
  std::string all;
  for (const Property& property : known) {
    size_t found = edit_distance(kafka, property.name);
    if (found < best) {
      best = found;
      near = property.name;
    }
    all += text(all.empty() ? "" : ", ", std::string_view(property.name));
  }
  std::string hint =
      near.empty() ? text(tool, " has ", all, ", bootstrap.servers, security.*, sasl.*, ssl.*")
                   : text("perhaps ", near);
  return fail(Code::bad_usage, text("-X ", printable(name), ": no such property; ", hint));
}

const Setting* Configuration::find(std::string_view name) const {
  auto found = settings_.find(name);
  return found == settings_.end() ? nullptr : &found->second;
}

void Configuration::put(std::string_view name, std::string_view value, std::string origin) {
  std::string kafka(kafka_name(name));
  // Another way to the same secret replaces the one that was there.
  std::string_view base = kafka;
  if (base.ends_with(".file")) base.remove_suffix(5);
  if (base.ends_with(".command")) base.remove_suffix(8);
  if (is_secret_property(base)) {
    for (const char* way : {"", ".file", ".command"}) settings_.erase(text(base, way));
  }
  settings_[kafka] = {std::string(value), std::move(origin)};
}

Result<std::optional<std::string>> Configuration::secret(std::string_view name) const {
  if (const Setting* plain = find(name)) return std::optional(plain->value);
  if (const Setting* file = find(text(name, ".file"))) {
    Result<std::string> read = read_secret_file(file->value);
    if (!read) return pass(read, text(file->origin, ": ", name, ".file"));
    return std::optional(std::move(*read));
  }
  if (const Setting* command = find(text(name, ".command"))) {
    Result<std::string> read = run_secret_command(command->value);
    if (!read) return pass(read, text(command->origin, ": ", name, ".command"));
    return std::optional(std::move(*read));
  }
  return std::optional<std::string>();
}

Result<void> Configuration::read_properties(const std::string& path) {
  Result<std::string> content = read_config_file(path);
  if (!content) return pass(content, "--properties");
  Result<std::vector<PropertyLine>> lines = parse_properties(*content, path);
  if (!lines) return pass(lines, "--properties");
  for (const PropertyLine& line : *lines) put(line.name, line.value, text(path, ":", line.line));
  return {};
}

Result<void> Configuration::read_profile(const std::string& name, std::string_view asked_by) {
  std::string there;
  for (const std::string& path : config_files()) {
    Result<ConfigFile> file = read_json(path);
    if (!file) return pass(file);
    if (!file->json.contains("profiles")) continue;
    const Json& profiles = file->json["profiles"];
    size_t place = file->place("profiles");
    for (const auto& [other, ignored] : profiles.items()) {
      there += text(there.empty() ? "" : ", ", printable(other));
    }
    if (!profiles.contains(name)) continue;
    const Json& profile = profiles[name];
    place = file->place(name, place);
    if (!profile.is_object()) return file->wrong(place, "a profile is an object");
    for (const auto& [key, value] : profile.items()) {
      size_t at = file->place(key, place);
      if (!value.is_primitive() || value.is_null()) {
        return file->wrong(at, text("\"", printable(key), "\": a text, a number or a truth value"));
      }
      std::string plain = value.is_string() ? value.get<std::string>() : value.dump();
      put(key, plain, text(path, ":", line_at(file->content, at)));
    }
    return {};
  }
  std::string hint = there.empty() ? "config.json has no profiles" : text("there are ", there);
  return fail(Code::bad_config,
              text(asked_by, ": there is no profile ", printable(name), "; ", hint));
}

// Whether there is one.
Result<bool> Configuration::read_default_profile() {
  for (const std::string& path : config_files()) {
    Result<ConfigFile> file = read_json(path);
    if (!file) return pass(file);
    if (!file->json.contains("default")) continue;
    auto name = file->json["default"].get<std::string>();
    int line = line_at(file->content, file->place("default"));
    Result<void> read = read_profile(name, text(path, ":", line));
    if (!read) return pass(read);
    return true;
  }
  return false;
}

Result<void> Configuration::find_source(const GivenConfiguration& given) {
  bool has_servers = true;  // whether the source is one that must name its brokers
  std::string source;
  Result<void> read;
  if (given.properties) {
    source = text("--properties ", *given.properties);
    read = read_properties(*given.properties);
  } else if (given.profile) {
    source = text("--profile ", *given.profile);
    read = read_profile(*given.profile, "--profile");
  } else if (!given.brokers.empty()) {
    has_servers = false;
  } else if (std::string brokers = environment("EVENT_BROKERS"); !brokers.empty()) {
    brokers_ = brokers;
    has_servers = false;
  } else if (std::string profile = environment("EVENT_PROFILE"); !profile.empty()) {
    source = text("EVENT_PROFILE ", profile);
    read = read_profile(profile, "EVENT_PROFILE");
  } else if (brokers = environment("KAFKA_BOOTSTRAP_SERVERS"); !brokers.empty()) {
    brokers_ = brokers;
    has_servers = false;
  } else {
    source = "the default profile";
    Result<bool> found = read_default_profile();
    if (!found) return pass(found);
    has_servers = *found;
    if (!*found) brokers_ = "127.0.0.1:9092";
  }
  if (!read) return read;
  if (!given.brokers.empty()) {
    brokers_ = given.brokers;
  } else if (has_servers) {
    const Setting* servers = find(kServers);
    // Credentials never go to brokers that another source has named.
    if (servers == nullptr) {
      return fail(Code::bad_config,
                  text(printable(source), ": names no bootstrap.servers, nor does -b"));
    }
    brokers_ = servers->value;
  }
  return {};
}

Result<Configuration> Configuration::read(const GivenConfiguration& given) {
  if (given.properties && given.profile) {
    return fail(Code::bad_usage, "--properties and --profile contradict each other");
  }
  // -X names brokers as -b does.
  GivenConfiguration whole = given;
  for (const std::string& setting : given.settings) {
    size_t equals = setting.find('=');
    bool servers = kafka_name(std::string_view(setting).substr(0, equals)) == kServers;
    if (!servers) continue;
    if (!given.brokers.empty()) {
      return fail(Code::bad_usage, "-b and -X bootstrap.servers contradict each other");
    }
    whole.brokers = setting.substr(equals + 1);
  }
  Configuration found;
  Result<void> source = found.find_source(whole);
  if (!source) return pass(source);
  for (const std::string& setting : given.settings) {
    size_t equals = setting.find('=');
    found.put(setting.substr(0, equals), setting.substr(equals + 1), "-X");
  }
  return found;
}

Result<std::vector<Address>> Configuration::brokers() const {
  std::vector<Address> found;
  for (std::string_view item : split(brokers_, ',')) {
    item = trim(item);
    if (item.empty()) continue;
    Result<Address> address = parse_address(item, kDefaultPort);
    if (!address) return pass(address, "brokers");
    found.push_back(std::move(*address));
  }
  if (found.empty()) return fail(Code::bad_usage, "the list of brokers is empty");
  return found;
}

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
// What the command lines of the tools have in common: options that mean the same everywhere, where
// the brokers come from, errors of one line, exit codes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/cli/configuration.h"
#include "lib/cli/text/record_template.h"
#include "lib/client/client.h"
#include "lib/client/fetcher.h"
#include "lib/client/producer.h"

// CLI11's, without its headers: they cost seconds in every file that has them.
namespace CLI {
class App;
class ParseError;
class Validator;
}  // namespace CLI

namespace eventd {

// Of several that apply: the first of 4, 3, 5, 1.
inline constexpr int kExitDone = 0;
inline constexpr int kExitItem = 1;     // something named or read was missing or bad
inline constexpr int kExitUsage = 2;    // nothing was done
inline constexpr int kExitConnect = 3;  // no connection, or not allowed
inline constexpr int kExitLost = 4;     // data is not where it belongs
inline constexpr int kExitUnmet = 5;    // a demand was not met

int worse_exit(int a, int b);
int exit_for(const Error& error);

// One line on stderr, after the tool's name.
void complain(std::string_view tool, std::string_view line);
// The same of an error, with what can be tried. Returns the exit code for it.
int complain(std::string_view tool, const Error& error);

// How records are cut and joined.
struct RecordFormat {
  std::string delimiter = "\n";
  std::optional<std::string> key_delimiter;
  std::optional<std::string> null_token;
  bool json = false;        // event JSON, also where json_value is set
  bool json_value = false;  // values that are JSON as "json":..
  bool frame = false;       // a record is its int32 big-endian length (-1 null) and its bytes
  std::optional<RecordTemplate> record_template;  // --format, instead of all of these
};

struct CommonOptions {
  std::string brokers;
  std::vector<std::string> settings;
  std::optional<std::string> profile;
  std::optional<std::string> properties;
  bool quiet = false;
  bool verbose = false;
};

class CommandLine {
 public:
  // `properties` are static; those that every tool has come on top.
  CommandLine(std::string tool, std::string description, std::span<const Property> properties = {});
  ~CommandLine();

  CLI::App& app() { return *app_; }
  const CLI::App& app() const { return *app_; }
  const std::string& tool() const { return tool_; }
  const std::vector<Property>& properties() const { return properties_; }
  CommonOptions common;
  RecordFormat format;

  // -K -0 --delim --frame --null -j -J
  void add_format();
  // --format
  void add_template();
  // Nothing if the line is good, else the exit code after what had to be said.
  std::optional<int> parse(int argc, char** argv);
  // Says it and returns 2.
  int usage(std::string_view line) const;

  // From what configuration.h names, read when the first of these is called; bad_usage or
  // bad_config for what makes no sense.
  Result<ClientConfig> client_config() const;
  Result<ProducerConfig> producer_config() const;
  Result<FetcherConfig> fetcher_config() const;

 private:
  Result<void> check_settings() const;
  Result<void> finish_format();
  std::string explain(const CLI::ParseError& error) const;
  Result<const Configuration*> configuration() const;

  const std::string tool_;
  const std::unique_ptr<CLI::App> app_;
  std::vector<Property> properties_;
  bool zero_ = false;
  std::optional<std::string> delimiter_;
  std::optional<std::string> key_delimiter_;
  std::optional<std::string> null_token_;
  std::optional<std::string> template_;
  mutable std::optional<Configuration> configuration_;  // once it was asked for
};

// A check for options and operands: a whole number, `least` or more.
CLI::Validator number_from(int64_t least);

// The properties that every client has.
std::span<const Property> client_properties();

// The name of an option or verb of `app` that is most like `unknown`, or nothing: of an option with
// its dashes, for a letter of kcat's what we have instead.
std::string nearest(const CLI::App& app, std::string_view unknown);

// That of `known` which is most like `unknown`; there is one at least.
std::string_view nearest_of(std::span<const std::string_view> known, std::string_view unknown);

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/command_line.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/cli/position.h"

namespace eventd {

namespace {

constexpr uint16_t kDefaultPort = 9092;
constexpr const char* kSettings[] = {
    "acks",      "batch.size",         "client.id",           "compression.type",
    "linger.ms", "request.timeout.ms", "delivery.timeout.ms", "isolation.level",
};

size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); i++) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); j++) {
      size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::optional<Codec> codec_named(std::string_view name) {
  for (Codec codec : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
    if (name_of(codec) == name) return codec;
  }
  return std::nullopt;
}

int rank(int status) {
  switch (status) {
    case kExitLost:
      return 4;
    case kExitConnect:
      return 3;
    case kExitUnmet:
      return 2;
    case kExitItem:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

int worse_exit(int a, int b) { return rank(b) > rank(a) ? b : a; }

int exit_for(const Error& error) {
  switch (error.code) {
    case Code::connection_failed:
    case Code::connection_closed:
    case Code::deadline_passed:
    case Code::topic_authorization_failed:
    case Code::group_authorization_failed:
    case Code::cluster_authorization_failed:
    case Code::sasl_authentication_failed:
      return kExitConnect;
    case Code::bad_usage:
    case Code::bad_config:
      return kExitUsage;
    case Code::disk_full:
    case Code::io_error:
      return kExitLost;
    default:
      return kExitItem;
  }
}

void complain(std::string_view tool, std::string_view line) {
  std::string out = text(tool, ": ", line, "\n");
  (void)!write(STDERR_FILENO, out.data(), out.size());  // there is nowhere else to say it
}

Result<std::string> unescape(std::string_view in) {
  std::string out;
  for (size_t i = 0; i < in.size(); i++) {
    if (in[i] != '\\') {
      out += in[i];
      continue;
    }
    char next = ++i < in.size() ? in[i] : '\0';
    switch (next) {
      case 'n':
        out += '\n';
        continue;
      case 't':
        out += '\t';
        continue;
      case 'r':
        out += '\r';
        continue;
      case '0':
        out += '\0';
        continue;
      case '\\':
        out += '\\';
        continue;
      default:
        break;
    }
    unsigned value = 0;
    bool hex = next == 'x' && i + 2 < in.size();
    if (hex) {
      auto [end, error] = std::from_chars(&in[i + 1], &in[i + 1] + 2, value, 16);
      hex = error == std::errc{} && end == &in[i + 1] + 2;
    }
    if (!hex) {
      return fail(Code::bad_usage, text("'", printable(in),
                                        "': the escapes are \\n \\t \\r \\0 "
                                        "\\\\ \\xHH"));
    }
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

CommandLine::CommandLine(std::string tool, std::string description)
    : tool_(std::move(tool)), app_(std::move(description), tool_) {
  app_.set_help_flag("-h,--help", "Print this help and exit");
  app_.set_version_flag("-V,--version", text(tool_, " ", std::string_view(EVENTD_VERSION)),
                        "Print the version and exit");
  app_.add_option("-b,--brokers", common.brokers, "Brokers to begin with")
      ->type_name("HOST:PORT,..");
  app_.add_option("-X,--set", common.settings, "Set a client property by Kafka's name")
      ->type_name("K=V")
      ->allow_extra_args(false);
  app_.add_flag("-q,--quiet", common.quiet, "No progress");
  app_.add_flag("-v,--verbose", common.verbose, "Say more");
  app_.get_formatter()->column_width(28);
}

void CommandLine::add_format() {
  app_.add_option("-K,--key-delim", key_delimiter_, "Records are KEY DELIM VALUE")
      ->type_name("DELIM");
  auto* zero = app_.add_flag("-0,--zero", zero_, "Records end with NUL, not newline");
  app_.add_option("--delim", delimiter_, "Records end with STR")->type_name("STR")->excludes(zero);
  app_.add_flag("-j,--json", format.json, "Event JSON, a line each");
  app_.add_option("--null", null_token_, "A key or value that is TOKEN is null")
      ->type_name("TOKEN");
}

std::string CommandLine::nearest(const std::string& unknown) const {
  std::string best;
  size_t best_distance = 4;
  for (const CLI::Option* option : app_.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      size_t found = distance(unknown, text("--", name));
      if (found < best_distance) {
        best_distance = found;
        best = text("--", name);
      }
    }
  }
  return best;
}

std::optional<int> CommandLine::parse(int argc, char** argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app_.exit(success);
  } catch (const CLI::ExtrasError& error) {
    for (const std::string& extra : app_.remaining(true)) {
      std::string near = extra.starts_with("-") ? nearest(extra.substr(0, extra.find('='))) : "";
      return usage(text("unknown ", extra.starts_with("-") ? "option " : "operand ",
                        printable(extra), near.empty() ? "" : "; perhaps ", near));
    }
    return usage(error.what());
  } catch (const CLI::ParseError& error) {
    return usage(error.what());
  }
  if (common.verbose) set_log_level(LogLevel::debug);
  if (zero_) format.delimiter = std::string(1, '\0');
  for (auto [given, into] : {std::pair{&delimiter_, &format.delimiter}}) {
    if (given->empty()) continue;
    Result<std::string> plain = unescape(*given);
    if (!plain) return usage(plain.error().message);
    *into = std::move(*plain);
  }
  if (!key_delimiter_.empty()) {
    Result<std::string> plain = unescape(key_delimiter_);
    if (!plain) return usage(plain.error().message);
    format.key_delimiter = std::move(*plain);
  }
  if (!null_token_.empty()) format.null_token = null_token_;
  if (format.json && format.key_delimiter) return usage("-j and -K contradict each other");
  Result<void> settings = check_settings();
  if (!settings) return usage(settings.error().message);
  return std::nullopt;
}

int CommandLine::usage(std::string_view line) const {
  complain(tool_, line);
  return kExitUsage;
}

Result<void> CommandLine::check_settings() const {
  for (const std::string& given : common.settings) {
    size_t equals = given.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(Code::bad_usage, text("-X ", printable(given), ": not KEY=VALUE"));
    }
    std::string name = given.substr(0, equals);
    if (std::ranges::find(kSettings, name) == std::end(kSettings)) {
      return fail(Code::bad_usage, text("-X ", printable(name), ": no such client property"));
    }
  }
  return {};
}

std::optional<std::string> CommandLine::setting(std::string_view name) const {
  std::optional<std::string> found;
  for (const std::string& given : common.settings) {
    size_t equals = given.find('=');
    if (given.substr(0, equals) == name) found = given.substr(equals + 1);
  }
  return found;
}

Result<ClientConfig> CommandLine::client_config() const {
  ClientConfig config;
  config.client_id = setting("client.id").value_or(tool_);
  std::string brokers = common.brokers;
  for (const char* name : {"EVENT_BROKERS", "KAFKA_BOOTSTRAP_SERVERS"}) {
    const char* value = std::getenv(name);
    if (brokers.empty() && value != nullptr) brokers = value;
  }
  if (brokers.empty()) brokers = "127.0.0.1:9092";
  for (std::string_view item : split(brokers, ',')) {
    Result<Address> address = parse_address(trim(item), kDefaultPort);
    if (!address) return pass(address, "brokers");
    config.brokers.push_back(std::move(*address));
  }
  if (auto timeout = setting("request.timeout.ms")) {
    auto ms = parse_number<int32_t>(*timeout);
    if (!ms || *ms <= 0) return fail(Code::bad_usage, "-X request.timeout.ms: not a number of ms");
    config.request_timeout = std::chrono::milliseconds(*ms);
  }
  return config;
}

Result<ProducerConfig> CommandLine::producer_config() const {
  ProducerConfig config;
  if (auto name = setting("compression.type")) {
    std::optional<Codec> codec = codec_named(*name);
    if (!codec) {
      return fail(
          Code::bad_usage,
          text("-X compression.type: none, gzip, snappy, lz4 or zstd, not ", printable(*name)));
    }
    config.codec = *codec;
  }
  auto number = [&](const char* name, auto apply) -> Result<void> {
    auto given = setting(name);
    if (!given) return {};
    auto value = parse_number<int32_t>(*given);
    if (!value || *value < 0) {
      return fail(Code::bad_usage,
                  text("-X ", std::string_view(name), ": ", printable(*given), " is no number"));
    }
    apply(*value);
    return {};
  };
  Result<void> done = number("batch.size", [&](int32_t n) { config.batch_bytes = size_t(n); });
  if (done) {
    done = number("linger.ms", [&](int32_t n) { config.linger = std::chrono::milliseconds(n); });
  }
  if (done) {
    done = number("delivery.timeout.ms",
                  [&](int32_t n) { config.delivery_timeout = std::chrono::milliseconds(n); });
  }
  if (!done) return pass(done);
  if (auto acks = setting("acks"); acks && *acks != "all" && *acks != "-1") {
    return fail(Code::bad_usage, "-X acks: an idempotent producer has acks=all");
  }
  return config;
}

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "lib/base/edit_distance.h"
#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/cli/progress.h"
#include "lib/cli/text/escapes.h"

namespace eventd {

namespace {

// Letters of kcat's that mean something else here, or nothing.
constexpr std::pair<std::string_view, std::string_view> kKcatLetters[] = {
    {"-o", "--from"},
    {"-c", "--until count=N"},
    {"-D", "--delim"},
    {"-J", "--json"},
    {"-Z", "--null"},
    {"-z", "-X compression.type=CODEC"},
    {"-m", "--timeout"},
    {"-C", "event-consume"},
    {"-P", "event-produce"},
    {"-L", "event-admin topic describe"},
    {"-Q", "event-admin topic offsets"},
};

// What to say of them where another word would not do; of the tool that has none of them.
struct LetterHint {
  std::string_view tool;
  std::string_view letter;
  std::string_view hint;
};
constexpr LetterHint kLetterHints[] = {
    {"event-produce", "-t", "the topic is an operand"},
    {"event-consume", "-t", "the topic is an operand"},
    {"event-consume", "-e", "it ends by itself; -f follows"},
    {"event-consume", "-F", "-f follows; --properties FILE is kcat's"},
    {"event-consume", "-G", "there are no groups here; --from says where to begin"},
    {"event-replay", "-n", "event-consume has -n; here --from end-N"},
    {"event-replay", "-e", "it ends by itself; -f follows"},
    {"event-produce", "-P", "it only writes, without -P"},
    {"event-produce", "-T", "perhaps --tee"},
    {"event-produce", "-l", "FILE is an operand"},
    {"event-produce", "-m", "-X delivery.timeout.ms=30s says how long to try"},
    {"event-produce", "-c", "it ends with its input"},
    {"event-consume", "-z", "whatever codec a batch has is read"},
    {"event-consume", "-C", "it only reads, without -C"},
};

// The verbs of others, and ours.
constexpr std::pair<std::string_view, std::string_view> kOtherVerbs[] = {
    {"rm", "delete"},     {"remove", "delete"}, {"del", "delete"}, {"ls", "list"},
    {"show", "describe"}, {"add", "create"},    {"new", "create"},
};

std::string verbs_of(const CLI::App& app) {
  std::string verbs;
  for (const CLI::App* verb : app.get_subcommands({})) {
    verbs += text(verbs.empty() ? "" : ", ", verb->get_name());
  }
  return verbs;
}

int rank(int status) {
  switch (status) {
    case kExitLost:
      return 5;
    case kExitConnect:
      return 4;
    case kExitUnmet:
      return 3;
    case kExitItem:
      return 2;
    case kExitUsage:  // found late, by a library that is not there, say
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
  clear_progress();
  std::string out = text(tool, ": ", line, "\n");
  (void)!write(STDERR_FILENO, out.data(), out.size());  // there is nowhere else to say it
}

int complain(std::string_view tool, const Error& error) {
  std::string_view hint;
  switch (error.code) {
    case Code::connection_failed:
    case Code::connection_closed:
    case Code::deadline_passed:
      hint = "; is a broker there? -b HOST:PORT names another";
      break;
    case Code::unknown_topic_or_partition:
      hint = "; event-admin topic list shows what there is";
      break;
    default:
      break;
  }
  complain(tool, text(error.message, hint));
  return exit_for(error);
}

CommandLine::CommandLine(std::string tool, std::string description,
                         std::span<const Property> properties)
    : tool_(std::move(tool)),
      app_(std::make_unique<CLI::App>(std::move(description), tool_)),
      properties_(properties.begin(), properties.end()) {
  std::span<const Property> shared = client_properties();
  properties_.insert(properties_.end(), shared.begin(), shared.end());
  app_->set_help_flag("-h,--help", "Print this help and exit");
  app_->set_version_flag("-V,--version", text(tool_, " ", std::string_view(EVENTD_VERSION)),
                         "Print the version and exit");
  app_->add_option("-b,--brokers", common.brokers, "Brokers to begin with")
      ->type_name("HOST:PORT,..");
  app_->add_option("-X,--set", common.settings, "Set a client property by Kafka's name")
      ->type_name("K=V")
      ->allow_extra_args(false);
  app_->add_option("--profile", common.profile, "Brokers and credentials of config.json")
      ->type_name("NAME");
  app_->add_option("--properties", common.properties, "Those of a Java client's properties")
      ->type_name("FILE");
  app_->add_flag("-q,--quiet", common.quiet, "No progress");
  app_->add_flag("-v,--verbose", common.verbose, "Say what the connection does");
  app_->get_formatter()->column_width(28);
}

CommandLine::~CommandLine() = default;

void CommandLine::add_format() {
  app_->add_option("-K,--key-delim", key_delimiter_, "Records are KEY DELIM VALUE")
      ->type_name("DELIM");
  app_->add_flag("-0,--zero", zero_, "Records end with NUL, not newline");
  app_->add_option("--delim", delimiter_, "Records end with STR")->type_name("STR");
  app_->add_flag("-j,--json", format.json, "Event JSON, a line each");
  app_->add_flag("-J,--json-value", format.json_value, "The same, JSON values as JSON");
  app_->add_flag("--frame", format.frame, "A value is its int32 length and its bytes");
  app_->add_option("--null", null_token_, "TOKEN stands for a null key or value")
      ->type_name("TOKEN");
}

void CommandLine::add_template() {
  app_->add_option("--format", template_, "Records as %t %p %o %T %d %k %v %h, no newline")
      ->type_name("FORMAT");
}

std::string nearest(const CLI::App& app, std::string_view unknown) {
  for (const auto& [letter, ours] : kKcatLetters) {
    if (unknown.starts_with(letter) && !unknown.starts_with("--")) return std::string(ours);
  }
  bool is_letter = unknown.size() == 2 && unknown[0] == '-' && unknown[1] != '-';
  if (is_letter) {
    // A letter that means something elsewhere: what this verb has in its place.
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) {
        if (name.front() == unknown[1]) return text("--", name);
      }
    }
  }
  std::string best;
  size_t best_distance = 4;
  auto look_at = [&](std::string name) {
    size_t found = edit_distance(unknown, name);
    if (found >= best_distance || found >= unknown.size()) return;
    best_distance = found;
    best = std::move(name);
  };
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options()) {
      for (const std::string& name : option->get_lnames()) look_at(text("--", name));
    }
    for (const CLI::App* verb : level->get_subcommands({})) look_at(verb->get_name());
  }
  return best;
}

std::string_view nearest_of(std::span<const std::string_view> known, std::string_view unknown) {
  return *std::ranges::min_element(known, {},
                                   [&](auto one) { return edit_distance(unknown, one); });
}

// One line for what CLI11 found wrong.
CLI::Validator number_from(int64_t least) {
  return CLI::Validator(
      [least](std::string& given) {
        std::optional<int64_t> number = parse_number<int64_t>(given);
        if (number && *number >= least) return std::string();
        return text(printable(given), " is not a number from ", least, " on");
      },
      "");
}

std::string CommandLine::explain(const CLI::ParseError& error) const {
  const CLI::App* level = app_.get();
  while (!level->get_subcommands().empty()) level = level->get_subcommands().front();
  constexpr std::string_view kFlagWithValue = " was given a disallowed flag override";
  std::string_view what = error.what();
  if (what.ends_with(kFlagWithValue)) {
    return text("--", what.substr(0, what.size() - kFlagWithValue.size()), " takes no value");
  }
  std::vector<std::string> extras = app_->remaining(true);
  if (extras.empty()) {
    if (error.get_name() != "RequiredError" || level->get_subcommands({}).empty()) {
      return error.what();
    }
    return text("a word is missing: ", verbs_of(*level));
  }
  const std::string& extra = extras.front();
  bool is_option = extra.starts_with("-") && extra.size() > 1;
  std::string unknown = text("unknown ", is_option ? "option " : "operand ", printable(extra));
  for (const LetterHint& one : kLetterHints) {
    bool is_it = is_option && !extra.starts_with("--") && extra.starts_with(one.letter);
    if (is_it && one.tool == tool_) return text(unknown, "; ", one.hint);
  }
  for (const auto& [others, ours] : kOtherVerbs) {
    if (extra != others) continue;
    for (const CLI::App* verb : level->get_subcommands({})) {
      if (verb->get_name() == ours) return text(unknown, "; perhaps ", ours);
    }
  }
  std::string name = extra.substr(0, extra.find('='));
  if (is_option && level != app_.get() && level->get_option_no_throw(name) != nullptr) {
    return text("option ", printable(extra), " stands behind ", level->get_name());
  }
  std::string near = nearest(*level, name);
  if (!near.empty()) return text(unknown, "; perhaps ", near);
  std::string verbs = is_option ? "" : verbs_of(*level);
  return text(unknown, verbs.empty() ? "" : "; there are ", verbs);
}

namespace {

// "--flag=value" is no way to write a flag here.
void forbid_values_of_flags(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() == 0) option->disable_flag_override();
  }
  for (CLI::App* verb : app.get_subcommands({})) forbid_values_of_flags(*verb);
}

}  // namespace

std::optional<int> CommandLine::parse(int argc, char** argv) {
  forbid_values_of_flags(*app_);
  try {
    app_->parse(argc, argv);
  } catch (const CLI::Success& success) {
    // Help for a verb that is not there is not that of its noun.
    const CLI::App* level = app_.get();
    while (!level->get_subcommands().empty()) level = level->get_subcommands().front();
    std::vector<std::string> extras = app_->remaining(true);
    bool is_verb = !extras.empty() && !extras.front().starts_with("-");
    if (is_verb && !level->get_subcommands({}).empty()) return usage(explain(success));
    int status = app_->exit(success);
    std::cout.flush();
    if (!std::cout) return complain(tool_, Error{Code::io_error, "standard output failed", 0});
    return status;
  } catch (const CLI::ParseError& error) {
    return usage(explain(error));
  }
  if (common.brokers.empty() && app_->get_option("--brokers")->count() > 0) {
    return usage("-b names no broker");
  }
  if (common.verbose) set_log_level(LogLevel::debug);
  Result<void> good = finish_format();
  if (good) good = check_settings();
  if (!good) return usage(good.error().message);
  return std::nullopt;
}

Result<void> CommandLine::finish_format() {
  auto wrong = [](std::string_view why) { return fail(Code::bad_usage, std::string(why)); };
  if (format.json_value) format.json = true;
  if (format.frame && format.json) return wrong("--frame and -j contradict each other");
  if (format.frame && key_delimiter_) return wrong("--frame has values only, and no -K");
  if (format.frame && null_token_) return wrong("--frame has null, and needs no --null");
  if (format.frame && (zero_ || delimiter_)) return wrong("--frame needs no delimiter");
  if (zero_ && delimiter_) return wrong("-0 and --delim contradict each other");
  if (format.json && (zero_ || delimiter_)) return wrong("-j has a line for each record");
  if (format.json && key_delimiter_) return wrong("-j and -K contradict each other");
  if (format.json && null_token_) return wrong("-j has null, and needs no --null");
  if (zero_) format.delimiter = std::string(1, '\0');
  if (delimiter_) {
    Result<std::string> plain = unescape(*delimiter_);
    if (!plain) return pass(plain);
    if (plain->empty()) return wrong("--delim is empty");
    format.delimiter = std::move(*plain);
  }
  if (key_delimiter_) {
    Result<std::string> plain = unescape(*key_delimiter_);
    if (!plain) return pass(plain);
    if (plain->empty()) return wrong("-K is empty");
    format.key_delimiter = std::move(*plain);
  }
  format.null_token = null_token_;
  if (!template_) return {};
  if (format.json || format.frame || key_delimiter_ || zero_ || delimiter_) {
    return wrong("--format says all, without -j, -J, -K, -0, --delim and --frame");
  }
  Result<RecordTemplate> compiled = RecordTemplate::compile(*template_);
  if (!compiled) return pass(compiled);
  format.record_template = std::move(*compiled);
  return {};
}

int CommandLine::usage(std::string_view line) const {
  complain(tool_, line);
  return kExitUsage;
}

}  // namespace eventd

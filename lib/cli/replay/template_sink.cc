// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/template_sink.h"

#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "lib/base/units.h"
#include "lib/cli/output.h"
#include "lib/cli/position.h"
#include "lib/cluster/controller.h"

namespace eventd {

namespace {

constexpr const char* kAside = ".event-replay.part";
constexpr size_t kOpenMax = 64;

}  // namespace

Result<RollOptions> parse_roll(std::string_view given) {
  RollOptions roll;
  auto value_of = [&](std::string_view name) -> std::optional<std::string_view> {
    if (!given.starts_with(name)) return std::nullopt;
    return given.substr(name.size());
  };
  if (auto count = value_of("count=")) {
    roll.count = parse_number<uint64_t>(*count);
    if (!roll.count) return fail(Code::bad_usage, text("--roll ", printable(given), ": a number"));
  } else if (auto size = value_of("bytes=")) {
    Result<uint64_t> bytes = parse_size_bytes(*size);
    if (!bytes) return pass(bytes);
    roll.bytes = *bytes;
  } else if (auto duration = value_of("age=")) {
    Result<int64_t> age = parse_duration_ms(*duration);
    if (!age) return pass(age);
    roll.age = std::chrono::milliseconds(*age);
  } else {
    return fail(Code::bad_usage,
                text("--roll ", printable(given), ": count=N, bytes=SIZE or age=D"));
  }
  if (roll.count == 0u || roll.bytes == 0u || roll.age == std::chrono::milliseconds(0)) {
    return fail(Code::bad_usage, text("--roll ", printable(given), ": it must be above 0"));
  }
  return roll;
}

TemplateSink::~TemplateSink() {
  // Makes room on a full disk; another run would begin with it.
  if (failed_ && !step_may_stand_) (void)clear_aside();
}

Result<std::unique_ptr<TemplateSink>> TemplateSink::open(Disk& disk, Options options) {
  std::unique_ptr<TemplateSink> sink(new TemplateSink(disk, std::move(options)));
  Result<void> recovered = sink->recover();
  if (!recovered) return pass(recovered);
  return sink;
}

std::string TemplateSink::aside(const std::string& part) const {
  return text(options_.names.folder(), kAside, part.empty() ? "" : "/", part);
}

template <class T>
T TemplateSink::noted(T result) {
  failed_ = failed_ || !result;
  return result;
}

Result<void> TemplateSink::recover() {
  std::string path = in_folder(ReplayState::kFileName);
  Result<std::optional<ReplayState>> known = ReplayState::load(disk_, path);
  if (!known && known.error().code == Code::bad_data) {
    return fail(Code::bad_usage, known.error().message);
  }
  if (!known) return pass(known);
  state_.command = options_.command;
  if (*known) {
    if ((*known)->command != options_.command) {
      std::string theirs;
      for (const std::string& word : (*known)->command) theirs += text(" ", printable(word));
      return fail(Code::bad_usage, text(path, " is of another command:", theirs));
    }
    state_ = std::move(**known);
    is_stored_ = true;
  }
  if (state_.step) {
    Result<void> finished = finish_step(*state_.step);
    if (!finished) return finished;
    // Parts get the same names again: from here on the step must not be finished once more.
    for (const auto& [name, next] : state_.step->positions) state_.positions[name] = next;
    state_.step.reset();
    Result<void> stored = state_.store(disk_, path);
    if (!stored) return stored;
  }
  return clear_aside();
}

Result<void> TemplateSink::clear_aside() {
  Result<bool> there = disk_.exists(aside(""));
  if (!there) return pass(there);
  if (!*there) return {};
  return disk_.remove_tree(aside(""));
}

// Renames what has not been renamed yet. A part that is gone has its name already, or had it.
Result<void> TemplateSink::finish_step(const ReplayStep& step) {
  std::set<std::string> folders;
  for (const ReplayStep::PartFile& file : step.files) {
    std::string name = in_folder(file.name);
    Result<bool> waits = disk_.exists(aside(file.part));
    if (!waits) return pass(waits);
    if (!*waits) continue;
    Result<bool> taken = disk_.exists(name);
    if (!taken) return pass(taken);
    if (*taken) return fail(Code::io_error, text(printable(name), " exists, and is not ours"));
    Result<void> renamed = disk_.rename(aside(file.part), name);
    if (!renamed) return renamed;
    folders.insert(parent_of(name));
  }
  for (const std::string& folder : folders) {
    Result<void> synced = disk_.sync_directory(folder);
    if (!synced) return synced;
  }
  if (folders.empty()) return {};
  return disk_.sync_directory(aside(""));
}

Result<int64_t> TemplateSink::begin(const TopicPartition& partition, int64_t from, int64_t until) {
  (void)until;
  if (Result<void> good = check_topic_name(partition.topic); !good) {
    return noted(Result<int64_t>(fail(Code::bad_usage, text("no file can be named after the topic ",
                                                            printable(partition.topic)))));
  }
  bool is_other = !writing_.empty() && writing_.begin()->first.topic != partition.topic;
  if (is_other && !options_.names.names_topic()) {
    return noted(Result<int64_t>(
        fail(Code::bad_usage, "with several topics the template of --to needs {topic}")));
  }
  Writing& writing = writing_[partition];
  auto known = state_.positions.find(partition);
  writing.next = known == state_.positions.end() ? from : std::max(from, known->second);
  return known == state_.positions.end() ? from : known->second;
}

TemplateSink::Writing& TemplateSink::writing_of(const TopicPartition& partition) {
  if (&partition != last_name_) {
    last_writing_ = &writing_[partition];
    last_name_ = &partition;
  }
  return *last_writing_;
}

Result<void> TemplateSink::take(const FetchedRecord& record) {
  Writing& writing = writing_of(*record.partition);
  Result<Part*> part = part_for(*record.partition, writing, record);
  if (!part) return noted(Result<void>(pass(part)));
  if (!writing.first_record) writing.first_record = options_.now();
  append_record((*part)->file->buffer(), options_.format, record, false);
  (*part)->records++;
  writing.next = record.offset + 1;
  Result<void> written = (*part)->file->record_done();
  if (!written) return noted(written);
  if (!is_due(writing, **part)) return {};
  return noted(publish({*record.partition}));
}

// The part into which the record goes; a new one begins with it.
Result<TemplateSink::Part*> TemplateSink::part_for(const TopicPartition& partition,
                                                   Writing& writing, const FetchedRecord& record) {
  int64_t instant = options_.names.instant(record.timestamp);
  if (writing.last_instant == instant && writing.last_part->file->is_open()) {
    return writing.last_part;
  }
  auto [at, is_new] = writing.parts.try_emplace(options_.names.period(record.timestamp));
  Part& part = at->second;
  if (is_new) {
    Result<void> made = make_directory_durably(disk_, aside(""));
    if (!made) return pass(made);
    part.aside = text(parts_made_++);
    part.name = options_.names.name(partition, record.offset, record.timestamp);
    auto file = OutputFile::create(disk_, aside(part.aside), codec_of_file(part.name));
    if (!file) return pass(file);
    part.file = std::move(*file);
  }
  writing.last_instant = instant;
  writing.last_part = &part;
  std::erase(open_, &part);
  open_.push_back(&part);
  Result<void> resumed = part.file->resume();
  if (!resumed) return pass(resumed);
  Result<void> limited = limit_open(&part);
  if (!limited) return pass(limited);
  return &part;
}

// Each open file has a descriptor and the memory of a compressor.
Result<void> TemplateSink::limit_open(const Part* but) {
  while (open_.size() > kOpenMax && open_.front() != but) {
    Result<void> done = open_.front()->file->suspend();
    if (!done) return done;
    open_.erase(open_.begin());
  }
  return {};
}

bool TemplateSink::is_due(const Writing& writing, const Part& part) const {
  const RollOptions& roll = options_.roll;
  if (roll.count && part.records >= *roll.count) return true;
  if (roll.bytes && part.file->size_bytes() >= *roll.bytes) return true;
  return roll.age && writing.first_record && options_.now() - *writing.first_record >= *roll.age;
}

Result<void> TemplateSink::drained() {
  if (!options_.roll.age) return {};
  std::vector<TopicPartition> due;
  for (const auto& [name, writing] : writing_) {
    if (!writing.parts.empty() && is_due(writing, writing.parts.begin()->second)) {
      due.push_back(name);
    }
  }
  return due.empty() ? Result<void>() : noted(publish(due));
}

Result<void> TemplateSink::reached(const TopicPartition& partition, int64_t position) {
  Writing& writing = writing_of(partition);
  writing.next = std::max(writing.next, position);
  return {};
}

// All that was taken is sound, whatever ended the run; only a failure of our own leaves it aside.
Result<void> TemplateSink::finish(bool complete) {
  (void)complete;
  if (failed_) return {};
  std::vector<TopicPartition> all;
  for (const auto& [name, writing] : writing_) all.push_back(name);
  Result<void> done = publish(all);
  // The positions that the last step has, without the step: nothing is left to be done.
  if (done && state_.step) {
    state_.step.reset();
    done = state_.store(disk_, in_folder(ReplayState::kFileName));
  }
  if (done) done = clear_aside();
  return noted(done);
}

// Makes the parts of these partitions appear together.
Result<void> TemplateSink::publish(const std::vector<TopicPartition>& partitions) {
  ReplayStep step;
  for (const TopicPartition& name : partitions) {
    Writing& writing = writing_.at(name);
    auto known = state_.positions.find(name);
    bool moved = known == state_.positions.end() || known->second < writing.next;
    if (writing.parts.empty() && !moved) continue;
    step.positions[name] = writing.next;
    Result<void> prepared = prepare(writing, step);
    if (!prepared) return prepared;
  }
  if (step.positions.empty() && is_stored_) return {};
  if (!step.files.empty()) {
    Result<void> synced = disk_.sync_directory(aside(""));
    if (!synced) return synced;
  } else if (Result<void> made = make_directory_durably(disk_, parent_of(in_folder("x"))); !made) {
    return made;
  }
  state_.step = std::move(step);
  std::string path = in_folder(ReplayState::kFileName);
  // A full disk refuses it here; from there on the step may stand.
  Result<void> done = write_aside(disk_, path, bytes_of(state_.encode()));
  if (!done) return done;
  step_may_stand_ = true;
  done = put_in_place(disk_, path);
  if (done) done = disk_.sync_directory(parent_of(path));
  if (done) done = finish_step(*state_.step);
  if (!done) return done;
  step_may_stand_ = false;
  is_stored_ = true;
  // The file is told with the next step, or at the end; it says the same until then.
  for (const auto& [name, next] : state_.step->positions) state_.positions[name] = next;
  for (const TopicPartition& name : partitions) {
    Writing& writing = writing_.at(name);
    for (auto& [period, part] : writing.parts) std::erase(open_, &part);
    int64_t next = writing.next;
    writing = Writing{};
    writing.next = next;
  }
  return {};
}

// Brings the parts to the disk, and their folders; sees that nobody has their names.
Result<void> TemplateSink::prepare(Writing& writing, ReplayStep& step) {
  for (auto& [period, part] : writing.parts) {
    Result<void> done = part.file->finish();
    if (done) done = make_directory_durably(disk_, parent_of(part.name));
    if (!done) return done;
    Result<bool> taken = disk_.exists(part.name);
    if (!taken) return pass(taken);
    std::string inside = part.name.substr(options_.names.folder().size());
    bool twice =
        std::ranges::find(step.files, inside, &ReplayStep::PartFile::name) != step.files.end();
    if (*taken || twice) {
      return fail(Code::io_error,
                  text(printable(part.name), twice ? " would be two files" : " exists already"));
    }
    step.files.push_back({part.aside, std::move(inside)});
  }
  return {};
}

}  // namespace eventd

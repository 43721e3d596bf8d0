// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/topic_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr size_t kBytesMax = 256 << 10;  // about ten thousand names
constexpr size_t kFileNameMax = 200;
constexpr size_t kFilesMax = 50;  // each eventd run has a port of its own

using Names = std::set<std::string, std::less<>>;

// Nothing if it is not there, or larger than we make it.
std::optional<std::string> read_file(const std::string& path) {
  int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return std::nullopt;
  struct stat about {};
  size_t size = fstat(descriptor, &about) == 0 ? static_cast<size_t>(about.st_size) : 0;
  std::string contents(std::min(size, kBytesMax) + 1, '\0');  // no more: every run does this
  ssize_t got = read(descriptor, contents.data(), contents.size());
  close(descriptor);
  if (got < 0 || static_cast<size_t>(got) == contents.size()) return std::nullopt;
  contents.resize(static_cast<size_t>(got));
  return contents;
}

// As brokers have them. What another calls a topic does not get into a shell.
bool is_legal(std::string_view name) {
  constexpr std::string_view kLegal =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  constexpr size_t kLongest = 249;
  return !name.empty() && name.size() <= kLongest && name[0] != '-' &&
         name.find_first_not_of(kLegal) == std::string_view::npos;
}

Names names_in(std::string_view contents) {
  Names names;
  for (std::string_view name : split(contents, '\n')) {
    if (is_legal(name)) names.emplace(name);
  }
  return names;
}

// As many as there is room for.
std::string contents_of(const Names& names) {
  std::string contents;
  for (const std::string& name : names) {
    if (contents.size() + name.size() + 1 > kBytesMax) break;
    contents += name;
    contents += '\n';
  }
  return contents;
}

void make_folders(const std::string& path) {
  for (size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    mkdir(path.substr(0, at).c_str(), 0700);
  }
}

// Who reads meanwhile sees the old file or the new one. It need not survive a power cut.
void replace_file(const std::string& path, std::string_view contents) {
  std::string temporary = text(path, ".", getpid());
  auto create = [&] {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    return open(temporary.c_str(), kFlags, 0600);
  };
  int descriptor = create();
  if (descriptor < 0 && errno == ENOENT) {
    make_folders(path);
    descriptor = create();
  }
  if (descriptor < 0) return;
  ssize_t put = write(descriptor, contents.data(), contents.size());
  bool whole = close(descriptor) == 0 && put == static_cast<ssize_t>(contents.size());
  if (!whole || rename(temporary.c_str(), path.c_str()) != 0) unlink(temporary.c_str());
}

// The oldest files go, so that brokers that nobody asks any more are forgotten.
void forget_oldest(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> files;
  for (const auto& file : std::filesystem::directory_iterator(folder, ignored)) {
    files.emplace_back(file.last_write_time(ignored), file.path());
  }
  if (files.size() <= kFilesMax) return;
  std::ranges::sort(files);
  for (const auto& [time, path] : std::span(files).first(files.size() - kFilesMax)) {
    std::filesystem::remove(path, ignored);
  }
}

}  // namespace

std::string topic_cache_path(std::span<const Address> brokers) {
  const char* own = std::getenv("EVENT_RUN_BROKER");
  std::string name;
  for (const Address& broker : brokers) {
    std::string address = to_string(broker);
    if (own != nullptr && address == own) return "";
    name += text(name.empty() ? "" : ",", address);
  }
  constexpr std::string_view kKept = ".,:_-";
  for (char& c : name) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && kKept.find(c) == std::string_view::npos) c = '_';
  }
  if (name.empty() || name.starts_with('.') || name.size() > kFileNameMax) return "";
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  if (cache != nullptr && cache[0] == '/') return text(cache, "/event/topics/", name);
  if (home == nullptr || home[0] != '/') return "";
  return text(home, "/.cache/event/topics/", name);
}

void remember_topics(const std::string& path, const std::vector<TopicInfo>& topics, bool all) {
  if (path.empty()) return;
  std::optional<std::string> before = read_file(path);
  Names names = all ? Names() : names_in(before.value_or(""));
  for (const TopicInfo& topic : topics) {
    if (!is_legal(topic.name)) continue;
    if (topic.error == Code::none && !topic.internal) names.insert(topic.name);
    if (topic.error == Code::unknown_topic_or_partition) names.erase(topic.name);
  }
  std::string after = contents_of(names);
  if (after == before.value_or("")) return;
  replace_file(path, after);
  if (!before) forget_oldest(std::filesystem::path(path).parent_path());
}

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce/record_splitter.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "lib/base/big_endian.h"

namespace eventd {

using Kind = InputRecord::Kind;

bool RecordSplitter::take(InputRecord& record, Kind kind, std::string_view bytes) {
  record.kind = kind;
  record.bytes = bytes;
  return true;
}

std::string_view RecordSplitter::cut(size_t size) {
  std::string_view front = chunk_.substr(0, size);
  chunk_.remove_prefix(front.size());
  return front;
}

namespace {

class Delimited : public RecordSplitter {
 public:
  Delimited(std::string delimiter, size_t record_max)
      : delimiter_(std::move(delimiter)), record_max_(record_max) {}

  bool next(InputRecord& record) override {
    if (!carry_.empty()) return next_of_carried(record);
    size_t found = find(chunk_);
    if (found == std::string_view::npos) return keep_rest(record);
    std::string_view bytes = cut(found);
    chunk_.remove_prefix(delimiter_.size());
    return complete(record, bytes);
  }

 private:
  size_t find(std::string_view in) const {
    if (delimiter_.size() > 1) return in.find(delimiter_);
    const void* found = in.empty() ? nullptr : std::memchr(in.data(), delimiter_[0], in.size());
    if (found == nullptr) return std::string_view::npos;
    return static_cast<size_t>(static_cast<const char*>(found) - in.data());
  }

  bool complete(InputRecord& record, std::string_view bytes) {
    bool is_long = std::exchange(too_long_, false) || bytes.size() > record_max_;
    return take(record, is_long ? Kind::too_long : Kind::record, bytes);
  }

  bool next_of_carried(InputRecord& record) {
    // The delimiter may lie on the border.
    size_t tail = std::min(delimiter_.size() - 1, carry_.size());
    if (tail > 0 && !chunk_.empty()) {
      std::string border = carry_.substr(carry_.size() - tail);
      border += chunk_.substr(0, delimiter_.size() - 1);
      size_t found = border.find(delimiter_);
      if (found != std::string::npos) {
        chunk_.remove_prefix(found + delimiter_.size() - tail);
        carry_.resize(carry_.size() - tail + found);
        return complete_carried(record);
      }
    }
    size_t found = find(chunk_);
    if (found == std::string_view::npos) return keep_rest(record);
    carry_ += cut(found);
    chunk_.remove_prefix(delimiter_.size());
    return complete_carried(record);
  }

  bool complete_carried(InputRecord& record) {
    held_ = std::move(carry_);
    carry_.clear();
    return complete(record, held_);
  }

  // There is no delimiter in what has come.
  bool keep_rest(InputRecord& record) {
    carry_ += cut(chunk_.size());
    size_t tail = delimiter_.size() - 1;
    bool is_long = too_long_ || carry_.size() > record_max_ + tail;
    if (is_long && carry_.size() > tail) {
      too_long_ = true;
      held_ = carry_.substr(0, carry_.size() - tail);
      carry_.erase(0, held_.size());
      return take(record, Kind::part, held_);
    }
    if (!finished_ || (carry_.empty() && !too_long_)) return false;
    return complete_carried(record);
  }

  const std::string delimiter_;
  const size_t record_max_;
  bool too_long_ = false;
};

class Framed : public RecordSplitter {
 public:
  explicit Framed(size_t record_max) : record_max_(record_max) {}

  bool next(InputRecord& record) override {
    if (passing_ > 0) return pass_over(record);
    if (carry_.empty() && chunk_.size() >= kPrefix) {
      int32_t size = load_big_endian<int32_t>(reinterpret_cast<const uint8_t*>(chunk_.data()));
      if (size >= 0 && size_t(size) <= record_max_ && chunk_.size() - kPrefix >= size_t(size)) {
        chunk_.remove_prefix(kPrefix);
        return take(record, Kind::record, cut(size_t(size)));
      }
    }
    if (carry_.size() < kPrefix) carry_ += cut(kPrefix - carry_.size());
    if (carry_.size() < kPrefix) return rest(record);
    int32_t size = load_big_endian<int32_t>(reinterpret_cast<const uint8_t*>(carry_.data()));
    if (size < -1) return rest(record, true);
    held_ = {};
    if (size == -1) {
      carry_.clear();
      return take(record, Kind::null, {});
    }
    if (size_t(size) > record_max_) {
      held_ = std::exchange(carry_, {});
      passing_ = size_t(size);
      return take(record, Kind::part, held_);
    }
    carry_ += cut(kPrefix + size_t(size) - carry_.size());
    if (carry_.size() < kPrefix + size_t(size)) return rest(record);
    held_ = std::exchange(carry_, {});
    return take(record, Kind::record, std::string_view(held_).substr(kPrefix));
  }

 private:
  static constexpr size_t kPrefix = sizeof(int32_t);

  bool pass_over(InputRecord& record) {
    std::string_view some = cut(passing_);
    passing_ -= some.size();
    if (passing_ == 0) return take(record, Kind::too_long, some);
    if (!some.empty()) return take(record, Kind::part, some);
    if (!finished_) return false;
    passing_ = 0;
    return take(record, Kind::broken, {});
  }

  // The frame is not complete, and will not be.
  bool rest(InputRecord& record, bool is_broken = false) {
    if (!is_broken && (!finished_ || carry_.empty())) return false;
    held_ = std::exchange(carry_, {});
    chunk_ = {};
    return take(record, Kind::broken, held_);
  }

  const size_t record_max_;
  size_t passing_ = 0;  // bytes of a frame that is too long
};

class Whole : public RecordSplitter {
 public:
  explicit Whole(size_t record_max) : record_max_(record_max) {}

  bool next(InputRecord& record) override {
    carry_ += cut(chunk_.size());
    bool is_long = too_long_ || carry_.size() > record_max_;
    if (is_long && !carry_.empty()) {
      too_long_ = true;
      held_ = std::exchange(carry_, {});
      return take(record, Kind::part, held_);
    }
    if (!finished_ || std::exchange(done_, true)) return false;
    held_ = std::exchange(carry_, {});
    return take(record, too_long_ ? Kind::too_long : Kind::record, held_);
  }

 private:
  const size_t record_max_;
  bool too_long_ = false;
  bool done_ = false;
};

}  // namespace

std::unique_ptr<RecordSplitter> split_at(std::string delimiter, size_t record_max) {
  return std::make_unique<Delimited>(std::move(delimiter), record_max);
}

std::unique_ptr<RecordSplitter> split_frames(size_t record_max) {
  return std::make_unique<Framed>(record_max);
}

std::unique_ptr<RecordSplitter> split_nowhere(size_t record_max) {
  return std::make_unique<Whole>(record_max);
}

}  // namespace eventd

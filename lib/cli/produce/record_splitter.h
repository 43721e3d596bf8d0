// SPDX-License-Identifier: Apache-2.0
// Cuts what is read into records: at a delimiter, by frames, or one for the whole of an input.
//
// A chunk is cut in place; only a record that reaches beyond it is copied. Memory is bounded: a
// record that is longer than the limit is handed out in parts, for those who keep what is bad.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace eventd {

struct InputRecord {
  enum class Kind {
    record,
    null,      // a frame of length -1
    part,      // of a record that is too long; more of it follows
    too_long,  // its last part
    broken,    // a frame that cannot be; nothing after it can be told apart
  };
  Kind kind = Kind::record;
  // Holds until the next call of the splitter. Without its delimiter or length; but for parts and
  // what is broken, which are as they were read.
  std::string_view bytes;
};

class RecordSplitter {
 public:
  virtual ~RecordSplitter() = default;

  // The chunk stays as it is until next() has said false.
  void feed(std::string_view chunk) { chunk_ = chunk; }
  // Nothing follows: what is left is a record too, if it can be.
  void finish() { finished_ = true; }
  // False: no record is complete.
  virtual bool next(InputRecord& record) = 0;

 protected:
  bool take(InputRecord& record, InputRecord::Kind kind, std::string_view bytes);
  // The next `size` bytes of the chunk.
  std::string_view cut(size_t size);

  std::string_view chunk_;  // what of it is left
  std::string carry_;       // of earlier chunks: the begin of the next record
  std::string held_;        // what was handed out last, if it was carried
  bool finished_ = false;
};

// The delimiter is not empty. The last record needs none.
std::unique_ptr<RecordSplitter> split_at(std::string delimiter, size_t record_max);
// Each record is its length, int32 big-endian, and its bytes.
std::unique_ptr<RecordSplitter> split_frames(size_t record_max);
// All is one record, be it empty.
std::unique_ptr<RecordSplitter> split_nowhere(size_t record_max);

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
// A connected socket on a loop: reads into the caller's buffer, writes bytes and slices of files.
//
// Every call tries the system call first and waits only where that would block. One read and one
// write may wait at a time. The descriptor stays armed for reading while the reader is expected
// back; when it turns readable and nobody reads, only a disconnect is watched for. After so many
// bytes written without a wait the loop serves others first.
// Owns the descriptor. The loop outlives the stream; the stream outlives what waits on it, but for
// the code that a wake-up of its own runs: that may destroy it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/net/address.h"
#include "lib/net/attempt.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"

namespace eventd {

// A part of a file, to be sent from the page cache. `keep` holds the descriptor open.
struct FilePiece {
  std::shared_ptr<const void> keep;  // shared with the log that the file belongs to
  int descriptor = -1;
  uint64_t position = 0;
  uint32_t size_bytes = 0;
};
using Piece = std::variant<Buffer, FilePiece>;

class Stream {
 public:
  // Below this size a slice is copied into the bytes before it.
  static constexpr uint32_t kCopiedMax = 32 << 10;
  // A peer that takes nothing for so long is given up: slices pin deleted files.
  static constexpr std::chrono::seconds kStallMax{60};
  // What a peer must take in that time, or the rest if that is less.
  static constexpr size_t kStallBytes = 64 << 10;
  static constexpr size_t kTurnBytes = 1 << 20;

  // Takes the descriptor of a connected socket and makes it non-blocking.
  static Result<std::unique_ptr<Stream>> adopt(Loop& loop, int descriptor);
  // Tries the addresses that the name has, one after the other. cancelled if the attempt was ended.
  static Task<Result<std::unique_ptr<Stream>>> connect(Loop& loop, Address address,
                                                       Instant deadline,
                                                       Attempt* attempt = nullptr);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  int descriptor() const { return descriptor_; }

  // At least one byte; 0 where the peer has closed. deadline_passed after the read deadline,
  // cancelled after cancel_read() or shutdown().
  Task<Result<size_t>> read_some(MutableBytes into);
  // All of it; connection_closed if the peer closes before.
  Task<Result<void>> read_exactly(MutableBytes into);
  void set_read_deadline(Instant deadline) { read_deadline_ = deadline; }

  // All pieces in order. bad_data if a file is shorter than its piece: the peer has had half of a
  // message then, and the connection is of no more use, as after every error here.
  Task<Result<void>> write(std::vector<Piece> pieces);

  // Waits until a read is likely to find something, where the last one took all there was: so that
  // no buffer needs to be held meanwhile. Errors as of read_some().
  Task<Result<void>> readable();
  // How often reading has waited: who was woken begins a new turn on its loop.
  uint64_t read_waits() const { return read_waits_; }

  // Ends a read that waits; later reads wait again.
  void cancel_read();
  // Reads take what has come, and never wait again.
  void end_reads();
  // Ends what waits, and everything after it; the peer sees the end.
  void shutdown();
  // Called once if the peer stops sending, or vanishes, while nobody reads and there was a read or
  // a watch_disconnect() before.
  void on_disconnect(std::function<void()> callback) { disconnected_ = std::move(callback); }
  void watch_disconnect();

 private:
  Stream(Loop& loop, int descriptor) : loop_(loop), descriptor_(descriptor) {}

  void ready(Readiness readiness);
  void want(Readiness readiness);
  Task<Result<void>> wait_readable();
  Task<Result<void>> wait_writable();
  Task<void> end_turn();
  Task<Result<void>> send(Bytes bytes, bool more);
  Task<Result<void>> send_file(const FilePiece& piece);

  Loop& loop_;
  const int descriptor_;
  std::unique_ptr<Watch> watch_;
  Readiness wanted_;
  Signal readable_;
  Signal writable_;
  Instant read_deadline_ = Instant::max();
  std::function<void()> disconnected_;
  // Expires with the stream.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  Instant send_deadline_ = Instant::max();
  size_t sent_since_deadline_ = 0;
  size_t turn_bytes_ = 0;
  uint64_t read_waits_ = 0;
  bool shut_ = false;
  bool read_cancelled_ = false;
  bool reads_ended_ = false;
  bool likely_empty_ = false;  // the last read took all there was
};

}  // namespace eventd

// SPDX-License-Identifier: Apache-2.0
// What a client reads from and writes to: a stream as it is, or one within TLS. One read and one
// write may wait at a time, as with a stream; the loop outlives it.
#pragma once

#include <memory>
#include <string>

#include "lib/net/stream.h"
#include "lib/net/tls.h"

namespace eventd {

class Channel {
 public:
  virtual ~Channel() = default;
  // connection_closed if the peer closes before all is there.
  virtual Task<Result<void>> read_exactly(MutableBytes into) = 0;
  virtual Task<Result<void>> write(Buffer bytes) = 0;
  // Ends what waits, and everything after it.
  virtual void shutdown() = 0;
};

// Connects by the deadline, which TLS's handshake shares, unless the attempt is ended before; it
// outlives the call. `tls`: nothing for a stream as it is.
// connection_failed where nobody answers; sasl_authentication_failed, as all that Kafka calls
// authentication, where the two do not come to trust each other.
Task<Result<std::unique_ptr<Channel>>> open_channel(Loop& loop, Address address,
                                                    std::shared_ptr<const TlsContext> tls,
                                                    Instant deadline, Attempt* attempt);

}  // namespace eventd

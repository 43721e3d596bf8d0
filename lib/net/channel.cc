// SPDX-License-Identifier: Apache-2.0
#include "lib/net/channel.h"

#include <algorithm>
#include <utility>

#include "lib/base/openssl.h"
#include "lib/base/text.h"

namespace eventd {

namespace {

class PlainChannel : public Channel {
 public:
  explicit PlainChannel(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

  Task<Result<void>> read_exactly(MutableBytes into) override {
    return stream_->read_exactly(into);
  }
  Task<Result<void>> write(Buffer bytes) override {
    std::vector<Piece> pieces;
    pieces.emplace_back(std::move(bytes));
    return stream_->write(std::move(pieces));
  }
  void shutdown() override { stream_->shutdown(); }

 private:
  std::unique_ptr<Stream> stream_;
};

// OpenSSL works on memory; we carry its records to the stream and back. What it wants to send is
// taken away by whoever writes at the time, so that records never overtake each other.
class TlsChannel : public Channel {
 public:
  TlsChannel(std::unique_ptr<Stream> stream, SSL* session,
             std::shared_ptr<const TlsContext> context)
      : stream_(std::move(stream)),
        context_(std::move(context)),
        session_(session),
        from_peer_(openssl().BIO_new(openssl().BIO_s_mem())),
        to_peer_(openssl().BIO_new(openssl().BIO_s_mem())) {
    openssl().SSL_set_bio(session_, from_peer_, to_peer_);  // which it owns from here on
  }
  ~TlsChannel() override { openssl().SSL_free(session_); }

  Task<Result<void>> shake_hands(Instant deadline) {
    stream_->set_read_deadline(deadline);
    while (true) {
      openssl().ERR_clear_error();
      int status = openssl().SSL_do_handshake(session_);
      Result<void> sent = co_await flush();
      if (status == 1) break;
      if (!sent) co_return pass(sent);
      if (openssl().SSL_get_error(session_, status) != SSL_ERROR_WANT_READ) co_return failed();
      Result<size_t> got = co_await feed();
      if (!got) co_return pass(got);
      if (*got == 0) {
        co_return fail(Code::connection_closed,
                       "TLS: the broker closed the connection; does it speak TLS?");
      }
    }
    stream_->set_read_deadline(Instant::max());
    co_return Result<void>{};
  }

  Task<Result<void>> read_exactly(MutableBytes into) override {
    while (!into.empty()) {
      openssl().ERR_clear_error();
      size_t size = 0;
      int status = openssl().SSL_read_ex(session_, into.data(), into.size(), &size);
      if (status == 1) {
        into = into.subspan(size);
        continue;
      }
      int error = openssl().SSL_get_error(session_, status);
      if (error == SSL_ERROR_ZERO_RETURN) {
        co_return fail(Code::connection_closed, "the peer closed");
      }
      if (error != SSL_ERROR_WANT_READ) co_return failed();
      Result<void> sent = co_await flush();
      if (!sent) co_return pass(sent);
      Result<size_t> got = co_await feed();
      if (!got) co_return pass(got);
      if (*got == 0) co_return fail(Code::connection_closed, "the peer closed");
    }
    co_return Result<void>{};
  }

  Task<Result<void>> write(Buffer bytes) override {
    if (bytes.empty()) co_return Result<void>{};
    openssl().ERR_clear_error();
    size_t size = 0;
    int status = openssl().SSL_write_ex(session_, bytes.data(), bytes.size(), &size);
    if (status != 1) co_return failed();
    Result<void> sent = co_await flush();
    co_return std::move(sent);
  }

  void shutdown() override { stream_->shutdown(); }

 private:
  static constexpr size_t kStep = 64 << 10;

  // Sends what OpenSSL has for the peer; nothing if that is being done already.
  Task<Result<void>> flush() {
    if (flushing_) co_return Result<void>{};
    flushing_ = true;
    Result<void> sent;
    while (sent && openssl().BIO_ctrl_pending(to_peer_) > 0) {
      Buffer out(openssl().BIO_ctrl_pending(to_peer_));
      int size = openssl().BIO_read(to_peer_, out.data(),
                                    static_cast<int>(std::min<size_t>(out.size(), INT32_MAX)));
      out.resize(static_cast<size_t>(std::max(size, 0)));
      std::vector<Piece> pieces;
      pieces.emplace_back(std::move(out));
      sent = co_await stream_->write(std::move(pieces));
    }
    flushing_ = false;
    co_return std::move(sent);
  }

  // Takes what has come; 0 where the peer sends no more.
  Task<Result<size_t>> feed() {
    room_.resize(kStep);
    MutableBytes room(room_);
    Result<size_t> got = co_await stream_->read_some(room);
    if (got && *got > 0) openssl().BIO_write(from_peer_, room_.data(), static_cast<int>(*got));
    co_return std::move(got);
  }

  // The alerts of a broker that has none from us, or not one of its liking.
  static bool wants_certificate(int reason) {
    return reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED ||
           reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE ||
           reason == SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN ||
           reason == SSL_R_TLSV1_ALERT_UNKNOWN_CA || reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE;
  }

  std::unexpected<Error> failed() const {
    long verified = openssl().SSL_get_verify_result(session_);
    unsigned long code = openssl().ERR_peek_last_error();
    openssl().ERR_clear_error();
    std::string why = "the connection is broken";
    if (code != 0) {
      const char* reason = openssl().ERR_reason_error_string(code);
      if (reason != nullptr) why = reason;
    }
    if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
      why =
          "its certificate is for another host "
          "(ssl.endpoint.identification.algorithm= checks no name)";
    } else if (verified != X509_V_OK) {
      why = text("its certificate is not trusted: ",
                 std::string_view(openssl().X509_verify_cert_error_string(verified)),
                 " (ssl.truststore.location or ssl.ca.location names whom to trust)");
    } else if (wants_certificate(ERR_GET_REASON(code))) {
      why += "; the broker wants a certificate that it trusts (ssl.keystore.location)";
    } else if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER) {
      why = "what answers there does not speak TLS (security.protocol)";
    }
    return fail(Code::sasl_authentication_failed, text("TLS: ", why));
  }

  std::unique_ptr<Stream> stream_;
  const std::shared_ptr<const TlsContext> context_;  // shared with other connections
  SSL* const session_;
  BIO* const from_peer_;
  BIO* const to_peer_;
  Buffer room_;
  bool flushing_ = false;
};

}  // namespace

Task<Result<std::unique_ptr<Channel>>> open_channel(Loop& loop, Address address,
                                                    std::shared_ptr<const TlsContext> tls,
                                                    Instant deadline, Attempt* attempt) {
  Result<std::unique_ptr<Stream>> stream =
      co_await Stream::connect(loop, address, deadline, attempt);
  if (!stream) co_return pass(stream);
  if (!tls) co_return std::make_unique<PlainChannel>(std::move(*stream));
  Result<SSL*> session = tls->begin(address.host);
  if (!session) co_return pass(session);
  auto channel = std::make_unique<TlsChannel>(std::move(*stream), *session, std::move(tls));
  TlsChannel* shaking = channel.get();
  attempt->begin_step([shaking] { shaking->shutdown(); });
  Result<void> trusted = co_await shaking->shake_hands(deadline);
  attempt->finish_step();
  if (!trusted) co_return pass(trusted, text("connect to ", to_string(address)));
  co_return std::move(channel);
}

}  // namespace eventd

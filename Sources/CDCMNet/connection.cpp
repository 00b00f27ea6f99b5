#include "connection.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dcmtk/dcmnet/cond.h"
#include "dcmtk/dcmtls/tlscond.h"

namespace cdcmnet {

namespace {

// More than 128 contexts with every transfer syntax that there is take.
constexpr uint32_t longest_negotiation = 256 << 10;
// The others have no content to speak of.
constexpr uint32_t longest_other = 64;
// How long a peer is given to hear the last word, and how much of its own is still read meanwhile.
constexpr double closing_seconds = 1;
constexpr size_t closing_bytes = 1 << 20;

}  // namespace

bool PDUFraming::is_allowed() const {
  auto length = this->length();
  switch (head_[0]) {
    case 1:
    case 2: return length <= longest_negotiation;
    case 4: return length <= maximum_pdu_;
    case 3:
    case 5:
    case 6:
    case 7: return length <= longest_other;
    default: return false;
  }
}

bool PDUFraming::take(const uint8_t *bytes, size_t count) {
  while (count > 0) {
    if (body_left_ > 0) {
      auto used = size_t(std::min<uint64_t>(count, body_left_));
      body_left_ -= used;
      bytes += used;
      count -= used;
      continue;
    }
    head_[head_count_++] = *bytes++;
    --count;
    if (head_count_ < sizeof head_) continue;
    if (!is_allowed()) return false;
    head_count_ = 0;
    body_left_ = length();
  }
  return true;
}

Connection::Connection(int socket, SSL *tls, const cdcmnet_limits &limits, Fate &fate)
    : DcmTransportConnection(socket), tls_(tls), limits_(limits), framing_(limits.maximum_pdu),
      start_deadline_(after(limits.connect_seconds)), pdu_deadline_(start_deadline_), fate_(fate),
      trouble_(fate.trouble), words_(fate.words) {
  fate = Fate{this, Trouble::none, {}};
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
  int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

Connection::~Connection() {
  close();
  if (fate_.connection == this) fate_.connection = nullptr;
}

bool Connection::wait(short events, Clock::time_point deadline) {
  deadline = std::min(deadline, end_);
  while (true) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    struct pollfd item = {socket(), events, 0};
    int found = poll(&item, 1, int(std::clamp<long long>(left, 0, 3'600'000)));
    if (found > 0) return true;
    if (found < 0 && errno != EINTR) return false;
    if (left <= 0) return false;
  }
}

bool Connection::goes_on(long result, short events, Clock::time_point deadline) {
  Trouble trouble = Trouble::network;
  if (tls_ != nullptr) {
    switch (SSL_get_error(tls_, int(result))) {
      case SSL_ERROR_WANT_READ: events = POLLIN; break;
      case SSL_ERROR_WANT_WRITE: events = POLLOUT; break;
      case SSL_ERROR_ZERO_RETURN: trouble = Trouble::closed; events = 0; break;
      case SSL_ERROR_SSL: {
        trouble = Trouble::tls;
        events = 0;
        auto verified = SSL_get_verify_result(tls_);
        auto *reason = ERR_reason_error_string(ERR_peek_last_error());
        if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) trouble = Trouble::closed;
        words_ = verified != X509_V_OK  ? X509_verify_cert_error_string(verified)
                 : reason != nullptr    ? reason
                                        : "an error of TLS";
        break;
      }
      default: trouble = errno == 0 || errno == ECONNRESET || errno == EPIPE ? Trouble::closed : Trouble::network; events = 0;
    }
    ERR_clear_error();
  } else if (errno == EINTR) {
    return true;
  } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
    if (errno == ECONNRESET || errno == EPIPE) trouble = Trouble::closed;
    events = 0;
  }
  if (events != 0) {
    if (wait(events, deadline)) return true;
    trouble = Trouble::timed_out;
  }
  if (words_.empty() && trouble == Trouble::network) words_ = std::strerror(errno);
  trouble_ = trouble;
  errno = EIO;
  return false;
}

OFCondition Connection::handshake(bool is_server) {
  if (tls_ == nullptr) return EC_Normal;
  auto deadline = after(limits_.connect_seconds);
  while (true) {
    ERR_clear_error();
    errno = 0;
    int result = is_server ? SSL_accept(tls_) : SSL_connect(tls_);
    if (result == 1) return EC_Normal;
    if (goes_on(result, POLLIN, deadline)) continue;
    // A peer that hangs up here doesn't agree.
    if (trouble_ == Trouble::closed) {
      trouble_ = Trouble::tls;
      if (words_.empty()) words_ = "the peer ended the connection";
    }
    return DCMTLS_EC_OtherSSLError;
  }
}

OFCondition Connection::renegotiate(const char *) { return EC_IllegalCall; }

ssize_t Connection::read(void *buffer, size_t count) {
  if (trouble_ != Trouble::none || socket() < 0) {
    errno = EIO;
    return -1;
  }
  while (true) {
    bool is_at_start = framing_.is_at_start();
    ERR_clear_error();
    errno = 0;
    ssize_t got = tls_ != nullptr ? SSL_read(tls_, buffer, int(std::min<size_t>(count, 1 << 30)))
                                  : ::recv(socket(), buffer, count, 0);
    if (got > 0) {
      // Until there is an association, all of it has the time of the beginning: a peer that begins late gets no more.
      if (is_at_start) pdu_deadline_ = has_begun_ ? after(limits_.stall_seconds) : start_deadline_;
      // A peer that never lets the socket run empty is held to its time, too.
      if (!is_at_start && Clock::now() > std::min(pdu_deadline_, end_)) {
        trouble_ = Trouble::timed_out;
      } else if (!framing_.take(static_cast<const uint8_t *>(buffer), size_t(got))) {
        trouble_ = Trouble::framing;
      } else {
        return got;
      }
      errno = EIO;
      return -1;
    }
    if (got == 0 && tls_ == nullptr) {
      trouble_ = Trouble::closed;
      return 0;
    }
    if (!goes_on(got, POLLIN, is_at_start ? start_deadline_ : pdu_deadline_)) return -1;
  }
}

ssize_t Connection::write(void *buffer, size_t count) {
  auto deadline = after(limits_.stall_seconds);
  size_t written = 0;
  while (written < count) {
    if (socket() < 0 || trouble_ != Trouble::none) {
      errno = EIO;
      return -1;
    }
    auto *start = static_cast<const uint8_t *>(buffer) + written;
    ERR_clear_error();
    errno = 0;
    ssize_t put = tls_ != nullptr ? SSL_write(tls_, start, int(std::min<size_t>(count - written, 1 << 30)))
                                  : ::send(socket(), start, count - written, MSG_NOSIGNAL);
    if (put > 0) {
      written += size_t(put);
    } else if (!goes_on(put, POLLOUT, deadline)) {
      return -1;
    }
  }
  return ssize_t(written);
}

void Connection::say_abort() noexcept {
  uint8_t pdu[] = {7, 0, 0, 0, 0, 4, 0, 0, 0, 0};
  has_begun_ = false;
  end_by(after(closing_seconds));
  // It is for a peer that sends nonsense, or too slowly, too.
  auto trouble = std::exchange(trouble_, Trouble::none);
  write(pdu, sizeof pdu);
  if (trouble != Trouble::none) trouble_ = trouble;
}

void Connection::abort() noexcept {
  if (trouble_ == Trouble::none) say_abort();
  close();
}

void Connection::close() {
  // dcmnet hangs up by itself on a peer that is late or breaks the rules, and says nothing.
  bool is_given_up = trouble_ == Trouble::framing || trouble_ == Trouble::timed_out;
  bool has_spoken = has_begun_ && is_given_up && socket() >= 0;
  if (has_spoken) say_abort();
  if (tls_ != nullptr) {
    if (trouble_ == Trouble::none) SSL_shutdown(tls_);
    SSL_free(tls_);
    tls_ = nullptr;
    ERR_clear_error();
  }
  // A socket that is closed with something unread takes back what was sent last.
  if (socket() >= 0 && (trouble_ == Trouble::none || has_spoken) && shutdown(socket(), SHUT_WR) == 0) {
    auto deadline = after(closing_seconds);
    char rest[16 << 10];
    for (size_t taken = 0; taken < closing_bytes && wait(POLLIN, deadline);) {
      auto got = ::recv(socket(), rest, sizeof rest, 0);
      if (got <= 0) break;
      taken += size_t(got);
    }
  }
  closeTransportConnection();
}

void Connection::closeTransportConnection() {
  if (tls_ != nullptr) SSL_free(tls_);
  tls_ = nullptr;
  if (socket() >= 0) ::close(socket());
  setSocket(-1);
}

bool Connection::awaits(Clock::time_point deadline) {
  if (socket() < 0 || trouble_ != Trouble::none || (tls_ != nullptr && SSL_pending(tls_) > 0)) return true;
  return wait(POLLIN, deadline);
}

OFBool Connection::networkDataAvailable(int timeout) {
  return socket() >= 0 && trouble_ == Trouble::none && awaits(after(std::max(0, timeout)));
}

DcmTransportConnection *Layer::createConnection(DcmNativeSocketType socket, OFBool is_secure) {
  if (on_taken != nullptr) on_taken();
  std::unique_ptr<SSL, decltype(&SSL_free)> tls(nullptr, SSL_free);
  if (is_secure) {
    if (tls_ != nullptr) tls.reset(SSL_new(tls_));
    if (tls == nullptr) return nullptr;
    SSL_set_mode(tls.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_set_fd(tls.get(), int(socket));
    if (!name_.empty() && X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls.get()), name_.c_str()) != 1) {
      SSL_set1_host(tls.get(), name_.c_str());
      SSL_set_tlsext_host_name(tls.get(), name_.c_str());
    }
  }
  // Null rather than a throw: dcmnet closes the socket of a connection that it doesn't get.
  auto *connection = new (std::nothrow) Connection(int(socket), tls.get(), limits_, fate);
  if (connection != nullptr) tls.release();
  return connection;
}

}  // namespace cdcmnet

// What dcmnet reads from and writes to: a socket, with TLS or without, that never waits longer than it may and takes no
// PDU that is longer than it should be. dcmnet's own has a time limit for each read, which a peer that sends a byte from
// time to time never reaches, and allocates what a PDU says its length is.
#pragma once

#include "cdcmnet.h"

#include <chrono>
#include <string>

#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmnet/dcmlayer.h"
#include "dcmtk/dcmnet/dcmtrans.h"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace cdcmnet {

using Clock = std::chrono::steady_clock;

inline Clock::time_point after(double seconds) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

// Follows the PDUs in what is read: where one begins, and whether its length may be.
class PDUFraming {
 public:
  explicit PDUFraming(uint32_t maximum_pdu) : maximum_pdu_(maximum_pdu) {}

  // Whether the next byte begins a PDU.
  bool is_at_start() const { return head_count_ == 0 && body_left_ == 0; }
  // False where a PDU is longer than it may be, or of no type.
  bool take(const uint8_t *bytes, size_t count);

 private:
  bool is_allowed() const;
  // What the head says of the rest.
  uint32_t length() const {
    return uint32_t(head_[2]) << 24 | uint32_t(head_[3]) << 16 | uint32_t(head_[4]) << 8 | head_[5];
  }

  uint32_t maximum_pdu_;
  uint8_t head_[6] = {};
  size_t head_count_ = 0;
  uint64_t body_left_ = 0;
};

enum class Trouble { none, timed_out, closed, network, tls, framing };

class Connection;

// What is left when dcmnet has deleted the connection.
struct Fate {
  Connection *connection = nullptr;
  Trouble trouble = Trouble::none;
  std::string words;
};

class Connection final : public DcmTransportConnection {
 public:
  // Takes over socket and TLS.
  Connection(int socket, SSL *tls, const cdcmnet_limits &limits, Fate &fate);
  ~Connection() override;

  // Whether something comes by then, or the connection ends; nothing is read.
  bool awaits(Clock::time_point deadline);
  // A PDU that hasn't begun is waited for until then.
  void wait_until(Clock::time_point deadline) { start_deadline_ = deadline; }
  // An association came about: from now on the peer hears of it when this side hangs up for its fault.
  void begin() { has_begun_ = true; }
  // Everything ends then, whatever goes on.
  void end_by(Clock::time_point deadline) { end_ = deadline; }
  // The peer is to hear it before the socket goes.
  void abort() noexcept;

  OFCondition serverSideHandshake() override { return handshake(true); }
  OFCondition clientSideHandshake() override { return handshake(false); }
  OFCondition renegotiate(const char *) override;
  ssize_t read(void *buffer, size_t count) override;
  ssize_t write(void *buffer, size_t count) override;
  void close() override;
  void closeTransportConnection() override;
  unsigned long getPeerCertificateLength() override { return 0; }
  unsigned long getPeerCertificate(void *, unsigned long) override { return 0; }
  OFBool networkDataAvailable(int timeout) override;
  OFBool isTransparentConnection() override { return tls_ == nullptr; }
  OFString &dumpConnectionParameters(OFString &text) override { return text; }

 private:
  OFCondition handshake(bool is_server);
  // A-ABORT, by the service's user (PS3.8 section 9.3.8).
  void say_abort() noexcept;
  // Whether the socket is ready before the deadline.
  bool wait(short events, Clock::time_point deadline);
  // Whether a call that gave `result` is to be repeated; otherwise notes why not.
  bool goes_on(long result, short events, Clock::time_point deadline);
  int socket() { return int(getSocket()); }

  SSL *tls_;
  cdcmnet_limits limits_;
  PDUFraming framing_;
  bool has_begun_ = false;
  Clock::time_point start_deadline_, pdu_deadline_, end_ = Clock::time_point::max();
  Fate &fate_;
  Trouble &trouble_;
  std::string &words_;
};

// Gives dcmnet such connections.
class Layer final : public DcmTransportLayer {
 public:
  // `name`: that the peer's certificate must hold; may be empty.
  Layer(SSL_CTX *tls, std::string name, const cdcmnet_limits &limits)
      : tls_(tls), name_(std::move(name)), limits_(limits) {}

  DcmTransportConnection *createConnection(DcmNativeSocketType socket, OFBool is_secure) override;

  // Of the last that was made.
  Fate fate;
  // Told once dcmnet has taken a socket: from then on it is closed by the connection, or where none is made by dcmnet.
  void (*on_taken)() = nullptr;

 private:
  SSL_CTX *tls_;
  std::string name_;
  cdcmnet_limits limits_;
};

}  // namespace cdcmnet

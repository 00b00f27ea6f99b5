// DCMTK's dcmnet and dcmtls behind a small C ABI: associations (PS3.8), over TCP or TLS, and what goes over them in pieces.
// Messages (PS3.7) are put together by the caller. Every call blocks for as long as its limits say at most; a handle is used
// by one thread at a time. Every entry catches everything that C++ may throw and reports through a status; nothing is
// printed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef enum : int32_t {
  CDCMNET_OK = 0,
  // No connection: no such host, nobody listens, no way there.
  CDCMNET_UNREACHABLE,
  // No agreement about TLS, or a certificate that isn't trusted.
  CDCMNET_TLS,
  CDCMNET_REJECTED,
  CDCMNET_TIMED_OUT,
  // The peer sent A-ABORT.
  CDCMNET_ABORTED,
  // The connection is gone without a word.
  CDCMNET_CLOSED,
  // The peer wants the association to be released: answer by cdcmnet_association_acknowledge_release.
  CDCMNET_RELEASED,
  // What came is no DICOM, or longer than is allowed.
  CDCMNET_PROTOCOL,
  CDCMNET_OUT_OF_MEMORY,
  CDCMNET_LOCAL,
} cdcmnet_reason;

typedef struct {
  cdcmnet_reason reason;
  // DCMTK's condition code; 0 where it doesn't apply.
  int32_t toolkit_code;
  // Result, source and reason of A-ASSOCIATE-RJ (PS3.8 section 9.3.4).
  uint8_t result, source, diagnostic;
  char message[240];
} cdcmnet_status;

// What a node shows and whom it trusts; shared by associations, and outlives them.
typedef struct cdcmnet_tls cdcmnet_tls;

// Files in PEM. Without authorities those of the system are trusted. `verifies` asks the peer for a certificate that one
// of them has signed.
cdcmnet_tls *_Nullable cdcmnet_tls_create(
  bool is_server, const char *_Nullable certificate, const char *_Nullable key,
  const char *_Nonnull const *_Nullable authorities, size_t authority_count, bool verifies, cdcmnet_status *status);
void cdcmnet_tls_destroy(cdcmnet_tls *tls);

typedef struct {
  // For the connection, and from then on for TLS and the negotiation together.
  double connect_seconds;
  // A PDU that has begun must be there, and one that is sent must be gone, within this time.
  double stall_seconds;
  // The largest PDU that is taken (PS3.8 section D.1.1).
  uint32_t maximum_pdu;
  // What this side says that it is (PS3.7 section D.3.3.2), read before the call returns; null: what dcmnet says.
  const char *_Nullable implementation_class;
  const char *_Nullable implementation_version;
} cdcmnet_limits;

typedef struct cdcmnet_association cdcmnet_association;

typedef struct {
  const char *sop_class;
  const char *_Nonnull const *_Nonnull transfer_syntaxes;
  size_t transfer_syntax_count;
  // This side would be the service's provider (PS3.7 section D.3.3.4); usually it is its user.
  bool as_provider;
} cdcmnet_proposal;

// Asks a peer for an association. `name` must stand in its certificate; null: any. Proposal number n gets the
// identifier 2n + 1; there may be 128.
cdcmnet_association *_Nullable cdcmnet_association_request(
  const char *host, uint16_t port, const char *called, const char *calling, const cdcmnet_proposal *proposals,
  size_t proposal_count, cdcmnet_tls *_Nullable tls, const char *_Nullable name, cdcmnet_limits limits,
  cdcmnet_status *status);

// Reads what a peer asks for on a connection that was accepted; `socket` is closed with the association, and where none
// comes about.
cdcmnet_association *_Nullable cdcmnet_association_receive(
  int socket, cdcmnet_tls *_Nullable tls, cdcmnet_limits limits, cdcmnet_status *status);

// One that is open is aborted.
void cdcmnet_association_destroy(cdcmnet_association *association);

const char *cdcmnet_association_called(const cdcmnet_association *association);
const char *cdcmnet_association_calling(const cdcmnet_association *association);

typedef struct {
  uint8_t identifier;
  const char *sop_class;
  // Proposed ones of a peer's proposal; the one of an agreed context.
  const char *_Nonnull const *_Nonnull transfer_syntaxes;
  size_t transfer_syntax_count;
  // The requestor proposes to be user, provider.
  bool is_user, is_provider;
} cdcmnet_context;

// Contexts as they were proposed (received) or accepted (requested); valid as long as the association.
size_t cdcmnet_association_context_count(const cdcmnet_association *association);
cdcmnet_context cdcmnet_association_context(const cdcmnet_association *association, size_t index);

// Answers a proposal of a received association; each gets one answer. `requestor_provides`: the roles change sides.
void cdcmnet_association_accept_context(
  cdcmnet_association *association, uint8_t identifier, const char *transfer_syntax, bool requestor_provides,
  cdcmnet_status *status);
void cdcmnet_association_refuse_context(
  cdcmnet_association *association, uint8_t identifier, bool is_known_class, cdcmnet_status *status);
void cdcmnet_association_acknowledge(cdcmnet_association *association, cdcmnet_status *status);
void cdcmnet_association_reject(
  cdcmnet_association *association, uint8_t result, uint8_t source, uint8_t diagnostic, cdcmnet_status *status);

typedef struct {
  uint8_t context;
  bool is_command, is_last;
  const uint8_t *_Nullable bytes;
  size_t length;
} cdcmnet_piece;

// The next piece of a message; valid until the next call. `seconds`: how long to wait for one that hasn't begun.
bool cdcmnet_association_read(
  cdcmnet_association *association, double seconds, cdcmnet_piece *piece, cdcmnet_status *status);
// As much of a command or data set, or of what is left of it, as the peer takes in one piece: which is its last where all
// of `length` goes. Returns how much went.
size_t cdcmnet_association_write(
  cdcmnet_association *association, uint8_t context, bool is_command, const uint8_t *_Nullable bytes, size_t length,
  cdcmnet_status *status);

// Both end it; errors don't matter any more.
void cdcmnet_association_release(cdcmnet_association *association);
void cdcmnet_association_acknowledge_release(cdcmnet_association *association);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

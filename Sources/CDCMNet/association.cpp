#include "association.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <mutex>

#include <sys/socket.h>
#include <unistd.h>

#include "dcmtk/dcmnet/cond.h"
#include "dcmtk/dcmnet/dul.h"
#include "dcmtk/dcmtls/tlslayer.h"
#include "dcmtk/oflog/oflog.h"

using namespace cdcmnet;

namespace {

// As many as have identifiers (PS3.8 section 9.3.2.2).
constexpr int most_contexts = 128;
// How long the last words may take.
constexpr double closing_seconds = 2;

// dcmnet's settings are the process's.
void set_up_network() {
  static std::once_flag once;
  std::call_once(once, [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    // A name server that doesn't answer would hold up everybody who calls.
    dcmDisableGethostbyaddr.set(OFTrue);
    T_ASC_Network *network = nullptr;
    check(ASC_initializeNetwork(NET_REQUESTOR, 0, 1, &network));
    ASC_dropNetwork(&network);
  });
}

// dcmnet accepts connections itself, or is given one through this variable of the whole process, which it reads at the
// beginning of a call that then waits for the peer. Others have their turn once it has been read. The socket is this
// object's until `taken`, whatever is thrown.
class SocketHandover {
 public:
  explicit SocketHandover(int socket) : socket_(socket), lock_(mutex()) {
    current() = this;
    dcmExternalSocketHandle.set(socket);
  }
  SocketHandover(const SocketHandover &) = delete;
  SocketHandover &operator=(const SocketHandover &) = delete;
  ~SocketHandover() {
    pass_on();
    if (socket_ >= 0) ::close(socket_);
  }

  // dcmnet has it, and closes it.
  static void taken() {
    if (current() == nullptr) return;
    current()->socket_ = -1;
    current()->pass_on();
  }

 private:
  static std::mutex &mutex() {
    static std::mutex mutex;
    return mutex;
  }
  static SocketHandover *&current() {
    static thread_local SocketHandover *current = nullptr;
    return current;
  }

  void pass_on() {
    if (!lock_.owns_lock()) return;
    current() = nullptr;
    dcmExternalSocketHandle.set(DCMNET_INVALID_SOCKET);
    lock_.unlock();
  }

  int socket_;
  std::unique_lock<std::mutex> lock_;
};

// dcmnet says of every failure to connect that something couldn't be initialised.
std::string bare(const char *text) {
  std::string words = text, opening = "TCP Initialization Error: ";
  return words.compare(0, opening.size(), opening) == 0 ? words.substr(opening.size()) : words;
}

std::string text(const char *given) { return given == nullptr ? "" : given; }

int whole(double seconds) { return int(std::ceil(std::clamp(seconds, 1.0, 86400.0))); }

}  // namespace

cdcmnet_association::cdcmnet_association(SSL_CTX *tls, const char *name, const cdcmnet_limits &limits)
    : layer_(tls, text(name), limits), limits_(limits), implementation_class_(text(limits.implementation_class)),
      implementation_version_(text(limits.implementation_version)), is_secure_(tls != nullptr) {
  limits_.implementation_class = limits_.implementation_version = nullptr;
  set_up_network();
}

cdcmnet_association::~cdcmnet_association() {
  if (is_open_ && layer_.fate.connection != nullptr) layer_.fate.connection->abort();
  if (association_ != nullptr) ASC_destroyAssociation(&association_);
  if (parameters_ != nullptr) ASC_destroyAssociationParameters(&parameters_);
  if (network_ != nullptr) ASC_dropNetwork(&network_);
}

void cdcmnet_association::initialize(T_ASC_NetworkRole role, int port) {
  check(ASC_initializeNetwork(role, port, whole(limits_.connect_seconds), &network_));
  check(ASC_setTransportLayer(network_, &layer_, 0));
}

void cdcmnet_association::request(
  const char *host, uint16_t port, const char *called_title, const char *calling_title,
  const cdcmnet_proposal *proposals, size_t count) {
  if (count > most_contexts) throw Failure{CDCMNET_LOCAL, "more presentation contexts than there are identifiers"};
  called = called_title;
  calling = calling_title;
  dcmConnectionTimeout.set(whole(limits_.connect_seconds));
  initialize(NET_REQUESTOR, 0);
  check(ASC_createAssociationParameters(&parameters_, long(limits_.maximum_pdu)));
  name_implementation(*parameters_);
  check(ASC_setTransportLayerType(parameters_, is_secure_));
  check(ASC_setAPTitles(parameters_, calling_title, called_title, nullptr));
  auto address = std::string(host) + ":" + std::to_string(port);
  check(ASC_setPresentationAddresses(parameters_, "localhost", address.c_str()));
  for (size_t index = 0; index < count; ++index) {
    auto &proposal = proposals[index];
    check(ASC_addPresentationContext(
      parameters_, T_ASC_PresentationContextID(2 * index + 1), proposal.sop_class,
      const_cast<const char **>(proposal.transfer_syntaxes), int(proposal.transfer_syntax_count),
      proposal.as_provider ? ASC_SC_ROLE_SCP : ASC_SC_ROLE_DEFAULT));
  }
  auto condition = ASC_requestAssociation(network_, parameters_, &association_);
  if (condition == DUL_ASSOCIATIONREJECTED) {
    T_ASC_RejectParameters rejected = {};
    ASC_getRejectParameters(parameters_, &rejected);
    if (association_ != nullptr) parameters_ = nullptr;
    throw Failure{
      CDCMNET_REJECTED, "the peer rejects the association", code(condition), uint8_t(rejected.result),
      uint8_t(int(rejected.reason) >> 8), uint8_t(int(rejected.reason) & 0xff)};
  }
  // The association owns them.
  if (association_ != nullptr) parameters_ = nullptr;
  if (condition.bad()) {
    // Nothing that came to pass on a connection.
    if (layer_.fate.connection == nullptr && layer_.fate.trouble == Trouble::none)
      throw Failure{CDCMNET_UNREACHABLE, bare(condition.text()), code(condition)};
    fail(condition);
  }
  open();
  note_contexts(true);
}

void cdcmnet_association::open() {
  is_open_ = true;
  if (layer_.fate.connection != nullptr) layer_.fate.connection->begin();
}

// dcmnet fills in its own, and copies those of `parameters` over what it sends.
void cdcmnet_association::name_implementation(T_ASC_Parameters &parameters) const {
  if (implementation_class_.empty() || implementation_version_.empty()) return;
  auto set = [](auto &place, const std::string &text) { std::snprintf(place, sizeof place, "%s", text.c_str()); };
  auto &sent = parameters.DULparams;
  set(parameters.ourImplementationClassUID, implementation_class_);
  set(sent.callingImplementationClassUID, implementation_class_);
  set(sent.calledImplementationClassUID, implementation_class_);
  set(parameters.ourImplementationVersionName, implementation_version_);
  set(sent.callingImplementationVersionName, implementation_version_);
  set(sent.calledImplementationVersionName, implementation_version_);
}

void cdcmnet_association::receive(int socket) {
  OFCondition condition;
  {
    SocketHandover handover(socket);
    layer_.on_taken = SocketHandover::taken;
    initialize(NET_ACCEPTOR, 0);
    condition = ASC_receiveAssociation(
      network_, &association_, long(limits_.maximum_pdu), nullptr, nullptr, is_secure_, DUL_NOBLOCK,
      whole(limits_.connect_seconds));
  }
  if (condition.bad()) fail(condition);
  // Others than these end with a word.
  open();
  auto *parameters = association_->params;
  if (ASC_countPresentationContexts(parameters) > most_contexts)
    throw Failure{CDCMNET_PROTOCOL, "more presentation contexts than there are identifiers"};
  called = parameters->DULparams.calledAPTitle;
  calling = parameters->DULparams.callingAPTitle;
  note_contexts(false);
}

void cdcmnet_association::note_contexts(bool accepted_only) {
  auto *parameters = association_->params;
  auto item = std::make_unique<T_ASC_PresentationContext>();
  bool is_seen[256] = {};
  for (int index = 0; index < ASC_countPresentationContexts(parameters); ++index) {
    check(ASC_getPresentationContext(parameters, index, item.get()));
    if (accepted_only && item->resultReason != ASC_P_ACCEPTANCE) continue;
    auto identifier = item->presentationContextID;
    if (identifier % 2 == 0 || is_seen[identifier])
      throw Failure{CDCMNET_PROTOCOL, "a presentation context has no identifier of its own"};
    is_seen[identifier] = true;
    auto role = accepted_only ? item->acceptedRole : item->proposedRole;
    Context context{identifier, item->abstractSyntax, {}, {}, true, false};
    context.is_user = role != ASC_SC_ROLE_SCP;
    context.is_provider = role == ASC_SC_ROLE_SCP || role == ASC_SC_ROLE_SCUSCP;
    if (accepted_only) {
      context.transfer_syntaxes.push_back(item->acceptedTransferSyntax);
    } else {
      for (int number = 0; number < item->transferSyntaxCount; ++number)
        context.transfer_syntaxes.push_back(item->proposedTransferSyntaxes[number]);
    }
    contexts_.push_back(std::move(context));
  }
  for (auto &context : contexts_)
    for (auto &syntax : context.transfer_syntaxes) context.pointers.push_back(syntax.c_str());
}

void cdcmnet_association::accept(uint8_t identifier, const char *transfer_syntax, bool requestor_provides) {
  require_open();
  check(ASC_acceptPresentationContext(
    association_->params, identifier, transfer_syntax,
    requestor_provides ? ASC_SC_ROLE_SCP : ASC_SC_ROLE_DEFAULT));
}

void cdcmnet_association::refuse(uint8_t identifier, bool is_known_class) {
  require_open();
  check(ASC_refusePresentationContext(
    association_->params, identifier,
    is_known_class ? ASC_P_TRANSFERSYNTAXESNOTSUPPORTED : ASC_P_ABSTRACTSYNTAXNOTSUPPORTED));
}

void cdcmnet_association::acknowledge() {
  require_open();
  name_implementation(*association_->params);
  auto condition = ASC_acknowledgeAssociation(association_);
  if (condition.bad()) fail(condition);
}

void cdcmnet_association::reject(uint8_t result, uint8_t source, uint8_t diagnostic) {
  require_open();
  T_ASC_RejectParameters parameters = {};
  parameters.result = T_ASC_RejectParametersResult(result);
  parameters.source = T_ASC_RejectParametersSource(source);
  parameters.reason = T_ASC_RejectParametersReason(int(source) << 8 | diagnostic);
  auto condition = ASC_rejectAssociation(association_, &parameters);
  is_open_ = false;
  if (condition.bad()) fail(condition);
}

bool cdcmnet_association::next(DUL_PDV &pdv) { return DUL_NextPDV(&association_->DULassociation, &pdv).good(); }

void cdcmnet_association::read(double seconds, cdcmnet_piece &piece) {
  require_open();
  DUL_PDV pdv = {};
  if (!next(pdv)) {
    if (layer_.fate.connection == nullptr) fail(DUL_NETWORKCLOSED);
    auto deadline = after(seconds);
    // Where nothing begins, the association stays as it is: it may be asked again, or released.
    if (!layer_.fate.connection->awaits(deadline)) throw Failure{CDCMNET_TIMED_OUT, "the peer takes too long"};
    layer_.fate.connection->wait_until(deadline);
    auto condition = DUL_ReadPDVs(&association_->DULassociation, nullptr, DUL_BLOCK, 0);
    if (condition == DUL_PEERREQUESTEDRELEASE) throw Failure{CDCMNET_RELEASED, "the peer releases the association"};
    if (condition != DUL_PDATAPDUARRIVED) fail(condition);
    if (!next(pdv)) throw Failure{CDCMNET_PROTOCOL, "a PDU without content"};
  }
  piece.context = pdv.presentationContextID;
  piece.is_command = pdv.pdvType == DUL_COMMANDPDV;
  piece.is_last = pdv.lastPDV;
  piece.bytes = static_cast<const uint8_t *>(pdv.data);
  piece.length = pdv.fragmentLength;
}

size_t cdcmnet_association::write(uint8_t context, bool is_command, const uint8_t *bytes, size_t length) {
  require_open();
  auto count = std::min(size_t(std::max<long>(association_->sendPDVLength, 2)), length);
  DUL_PDV pdv = {};
  pdv.fragmentLength = count;
  pdv.presentationContextID = context;
  pdv.pdvType = is_command ? DUL_COMMANDPDV : DUL_DATASETPDV;
  pdv.lastPDV = count == length;
  pdv.data = const_cast<uint8_t *>(bytes);
  DUL_PDVLIST list = {};
  list.count = 1;
  list.pdv = &pdv;
  auto condition = DUL_WritePDVs(&association_->DULassociation, &list);
  if (condition.bad()) fail(condition);
  return count;
}

void cdcmnet_association::release() {
  if (!is_open_ || layer_.fate.connection == nullptr) return;
  is_open_ = false;
  layer_.fate.connection->wait_until(after(closing_seconds));
  layer_.fate.connection->end_by(after(closing_seconds));
  ASC_releaseAssociation(association_);
}

void cdcmnet_association::acknowledge_release() {
  if (!is_open_ || layer_.fate.connection == nullptr) return;
  is_open_ = false;
  layer_.fate.connection->end_by(after(closing_seconds));
  ASC_acknowledgeRelease(association_);
}

void cdcmnet_association::require_open() const {
  if (!is_open_) throw Failure{CDCMNET_CLOSED, "the association has ended"};
}

void cdcmnet_association::fail(const OFCondition &condition) {
  auto number = code(condition);
  auto &fate = layer_.fate;
  auto say = [&](cdcmnet_reason reason, const char *text) {
    return Failure{reason, fate.words.empty() ? text : fate.words, number};
  };
  // One that only broke its own rules is told so when this goes.
  if (fate.trouble != Trouble::timed_out && fate.trouble != Trouble::framing && fate.connection == nullptr) is_open_ = false;
  switch (fate.trouble) {
    case Trouble::timed_out: throw say(CDCMNET_TIMED_OUT, "the peer takes too long");
    case Trouble::tls: throw say(CDCMNET_TLS, "no agreement about TLS");
    case Trouble::framing:
      is_open_ = fate.connection != nullptr;
      throw say(CDCMNET_PROTOCOL, "a PDU of no type or that is too long");
    case Trouble::network:
    case Trouble::closed:
      is_open_ = false;
      if (condition != DUL_PEERABORTEDASSOCIATION) throw say(CDCMNET_CLOSED, "the connection ended");
      [[fallthrough]];
    case Trouble::none: break;
  }
  if (condition == DUL_PEERABORTEDASSOCIATION) {
    is_open_ = false;
    throw Failure{CDCMNET_ABORTED, "the peer aborts the association", number};
  }
  if (condition == DUL_NETWORKCLOSED) {
    is_open_ = false;
    throw Failure{CDCMNET_CLOSED, "the connection ended", number};
  }
  if (condition == DUL_READTIMEOUT) throw Failure{CDCMNET_TIMED_OUT, "the peer takes too long", number};
  if (condition == EC_MemoryExhausted) throw std::bad_alloc();
  is_open_ = fate.connection != nullptr;
  throw Failure{CDCMNET_PROTOCOL, condition.text(), number};
}

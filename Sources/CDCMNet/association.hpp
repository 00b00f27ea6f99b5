// An association, whoever asked for it.
#pragma once

#include "connection.hpp"
#include "failure.hpp"

#include <memory>
#include <vector>

#include "dcmtk/dcmnet/assoc.h"

namespace cdcmnet {

// A presentation context in memory of its own.
struct Context {
  uint8_t identifier;
  std::string sop_class;
  std::vector<std::string> transfer_syntaxes;
  std::vector<const char *> pointers;
  bool is_user, is_provider;
};

}  // namespace cdcmnet

struct cdcmnet_association {
  cdcmnet_association(SSL_CTX *tls, const char *name, const cdcmnet_limits &limits);
  ~cdcmnet_association();
  cdcmnet_association(const cdcmnet_association &) = delete;
  cdcmnet_association &operator=(const cdcmnet_association &) = delete;

  void request(
    const char *host, uint16_t port, const char *called, const char *calling, const cdcmnet_proposal *proposals,
    size_t count);
  void receive(int socket);
  void accept(uint8_t identifier, const char *transfer_syntax, bool requestor_provides);
  void refuse(uint8_t identifier, bool is_known_class);
  void acknowledge();
  void reject(uint8_t result, uint8_t source, uint8_t diagnostic);
  void read(double seconds, cdcmnet_piece &piece);
  size_t write(uint8_t context, bool is_command, const uint8_t *bytes, size_t length);
  void release();
  void acknowledge_release();

  const std::vector<cdcmnet::Context> &contexts() const { return contexts_; }
  std::string called, calling;

 private:
  void initialize(T_ASC_NetworkRole role, int port);
  void open();
  void name_implementation(T_ASC_Parameters &parameters) const;
  void note_contexts(bool accepted_only);
  // The next piece, unless a PDU has to be read for it.
  bool next(DUL_PDV &pdv);
  // What a condition means, together with what became of the connection.
  [[noreturn]] void fail(const OFCondition &condition);
  void require_open() const;

  cdcmnet::Layer layer_;
  cdcmnet_limits limits_;
  // Copies: those of the limits are lent for the time of one call.
  std::string implementation_class_, implementation_version_;
  bool is_secure_;
  T_ASC_Network *network_ = nullptr;
  T_ASC_Parameters *parameters_ = nullptr;  // of a request that has no association yet
  T_ASC_Association *association_ = nullptr;
  bool is_open_ = false;
  std::vector<cdcmnet::Context> contexts_;
};

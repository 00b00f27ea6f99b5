// The C ABI: every entry catches everything.
#include "cdcmnet.h"

#include "association.hpp"
#include "failure.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "dcmtk/dcmtls/tlslayer.h"
#include "dcmtk/oflog/oflog.h"

using namespace cdcmnet;

struct cdcmnet_tls {
  DcmTLSTransportLayer layer;

  cdcmnet_tls(
    bool is_server, const char *certificate, const char *key, const char *const *authorities, size_t count,
    bool verifies)
      : layer(is_server ? NET_ACCEPTOR : NET_REQUESTOR, nullptr, OFTrue) {
    auto use = [](const OFCondition &condition, const char *what, const char *file) {
      if (condition.good()) return;
      throw Failure{CDCMNET_LOCAL, std::string(what) + " " + file + ": " + condition.text(), code(condition)};
    };
    if (context() == nullptr) throw Failure{CDCMNET_TLS, "TLS can't be set up"};
    // TLS 1.2 and later (PS3.15 section B.9).
    check(layer.setTLSProfile(TSP_Profile_BCP195_ND), CDCMNET_TLS);
    check(layer.activateCipherSuites(), CDCMNET_TLS);
    if (certificate != nullptr) {
      use(layer.setCertificateFile(certificate, DCF_Filetype_PEM), "certificate", certificate);
      auto *file = key == nullptr ? certificate : key;
      // A pass phrase would be asked for on the terminal.
      layer.setPrivateKeyPasswd("");
      use(layer.setPrivateKeyFile(file, DCF_Filetype_PEM), "key", file);
      if (!layer.checkPrivateKeyMatchesCertificate())
        throw Failure{CDCMNET_LOCAL, std::string("key ") + file + " isn't that of the certificate"};
    }
    for (size_t index = 0; index < count; ++index)
      use(layer.addTrustedCertificateFile(authorities[index], DCF_Filetype_PEM), "authority", authorities[index]);
    if (count == 0) SSL_CTX_set_default_verify_paths(context());
    layer.setCertificateVerification(verifies ? DCV_requireCertificate : DCV_ignoreCertificate);
  }

  SSL_CTX *context() { return static_cast<SSL_CTX *>(layer.getNativeHandle()); }
};

cdcmnet_tls *cdcmnet_tls_create(
  bool is_server, const char *certificate, const char *key, const char *const *authorities, size_t authority_count,
  bool verifies, cdcmnet_status *status) {
  cdcmnet_tls *tls = nullptr;
  guarded(status, [&] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DcmTLSTransportLayer::initializeOpenSSL();
    tls = new cdcmnet_tls(is_server, certificate, key, authorities, authority_count, verifies);
  });
  ERR_clear_error();
  return tls;
}

void cdcmnet_tls_destroy(cdcmnet_tls *tls) { delete tls; }

cdcmnet_association *cdcmnet_association_request(
  const char *host, uint16_t port, const char *called, const char *calling, const cdcmnet_proposal *proposals,
  size_t proposal_count, cdcmnet_tls *tls, const char *name, cdcmnet_limits limits, cdcmnet_status *status) {
  std::unique_ptr<cdcmnet_association> association;
  bool is_open = guarded(status, [&] {
    association = std::make_unique<cdcmnet_association>(tls == nullptr ? nullptr : tls->context(), name, limits);
    association->request(host, port, called, calling, proposals, proposal_count);
  });
  return is_open ? association.release() : nullptr;
}

cdcmnet_association *cdcmnet_association_receive(
  int socket, cdcmnet_tls *tls, cdcmnet_limits limits, cdcmnet_status *status) {
  std::unique_ptr<cdcmnet_association> association;
  bool is_open = guarded(status, [&] {
    association = std::make_unique<cdcmnet_association>(tls == nullptr ? nullptr : tls->context(), nullptr, limits);
    association->receive(socket);
  });
  return is_open ? association.release() : nullptr;
}

void cdcmnet_association_destroy(cdcmnet_association *association) {
  cdcmnet_status status;
  guarded(&status, [&] { delete association; });
}

const char *cdcmnet_association_called(const cdcmnet_association *association) { return association->called.c_str(); }

const char *cdcmnet_association_calling(const cdcmnet_association *association) { return association->calling.c_str(); }

size_t cdcmnet_association_context_count(const cdcmnet_association *association) {
  return association->contexts().size();
}

cdcmnet_context cdcmnet_association_context(const cdcmnet_association *association, size_t index) {
  auto &context = association->contexts()[index];
  return {
    context.identifier,      context.sop_class.c_str(), context.pointers.data(),
    context.pointers.size(), context.is_user,           context.is_provider};
}

void cdcmnet_association_accept_context(
  cdcmnet_association *association, uint8_t identifier, const char *transfer_syntax, bool requestor_provides,
  cdcmnet_status *status) {
  guarded(status, [&] { association->accept(identifier, transfer_syntax, requestor_provides); });
}

void cdcmnet_association_refuse_context(
  cdcmnet_association *association, uint8_t identifier, bool is_known_class, cdcmnet_status *status) {
  guarded(status, [&] { association->refuse(identifier, is_known_class); });
}

void cdcmnet_association_acknowledge(cdcmnet_association *association, cdcmnet_status *status) {
  guarded(status, [&] { association->acknowledge(); });
}

void cdcmnet_association_reject(
  cdcmnet_association *association, uint8_t result, uint8_t source, uint8_t diagnostic, cdcmnet_status *status) {
  guarded(status, [&] { association->reject(result, source, diagnostic); });
}

bool cdcmnet_association_read(
  cdcmnet_association *association, double seconds, cdcmnet_piece *piece, cdcmnet_status *status) {
  return guarded(status, [&] { association->read(seconds, *piece); });
}

size_t cdcmnet_association_write(
  cdcmnet_association *association, uint8_t context, bool is_command, const uint8_t *bytes, size_t length,
  cdcmnet_status *status) {
  size_t count = 0;
  guarded(status, [&] { count = association->write(context, is_command, bytes, length); });
  return count;
}

void cdcmnet_association_release(cdcmnet_association *association) {
  cdcmnet_status status;
  guarded(&status, [&] { association->release(); });
}

void cdcmnet_association_acknowledge_release(cdcmnet_association *association) {
  cdcmnet_status status;
  guarded(&status, [&] { association->acknowledge_release(); });
}

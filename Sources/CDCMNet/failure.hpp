// How the C++ behind the C ABI says what went wrong.
#pragma once

#include "cdcmnet.h"

#include <cstdio>
#include <exception>
#include <new>
#include <string>

#include "dcmtk/config/osconfig.h"
#include "dcmtk/ofstd/ofcond.h"

namespace cdcmnet {

struct Failure {
  cdcmnet_reason reason;
  std::string message;
  int32_t code = 0;
  uint8_t result = 0, source = 0, diagnostic = 0;
};

// Runs a body; whatever it throws becomes a status.
template <typename Body>
bool guarded(cdcmnet_status *status, Body body) {
  *status = cdcmnet_status{};
  auto say = [&](cdcmnet_reason reason, const char *text, int32_t code = 0) {
    status->reason = reason;
    status->toolkit_code = code;
    std::snprintf(status->message, sizeof status->message, "%s", text);
    return false;
  };
  try {
    body();
    return true;
  } catch (const Failure &failure) {
    status->result = failure.result;
    status->source = failure.source;
    status->diagnostic = failure.diagnostic;
    return say(failure.reason, failure.message.c_str(), failure.code);
  } catch (const std::bad_alloc &) {
    return say(CDCMNET_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception &error) {
    return say(CDCMNET_LOCAL, error.what());
  } catch (...) {
    return say(CDCMNET_LOCAL, "an unknown failure");
  }
}

inline int32_t code(const OFCondition &condition) { return condition.module() << 16 | condition.code(); }

// Of what concerns this side alone.
inline void check(const OFCondition &condition, cdcmnet_reason reason = CDCMNET_LOCAL) {
  if (condition.bad()) throw Failure{reason, condition.text(), code(condition)};
}

}  // namespace cdcmnet

// The one exception of this shim and its way into a status.
#pragma once

#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "dcmtk/config/osconfig.h"
#include "dcmtk/ofstd/ofcond.h"
#include "include/cdcmtk.h"

namespace cdcmtk {

struct Failure : std::exception {
  cdcmtk_reason reason;
  int32_t toolkit_code;
  std::string message;

  Failure(cdcmtk_reason reason, std::string message, int32_t toolkit_code = 0)
      : reason(reason), toolkit_code(toolkit_code), message(std::move(message)) {}

  const char *what() const noexcept override { return message.c_str(); }
};

// Throws where DCMTK reports an error; `what` says what was being done.
inline void check(const OFCondition &condition, cdcmtk_reason reason, const char *what) {
  if (condition.bad())
    throw Failure(
      reason, std::string(what) + ": " + condition.text(),
      int32_t(condition.module()) << 16 | condition.code());
}

inline void report(cdcmtk_status *status, cdcmtk_reason reason, int32_t code, const char *message) noexcept {
  status->reason = reason;
  status->toolkit_code = code;
  std::snprintf(status->message, sizeof status->message, "%s", message);
}

// Runs `body`; whatever it throws ends in `status`.
template <typename Body>
void guarded(cdcmtk_status *status, cdcmtk_reason otherwise, Body body) noexcept {
  report(status, CDCMTK_OK, 0, "");
  try {
    body();
  } catch (const Failure &failure) {
    report(status, failure.reason, failure.toolkit_code, failure.what());
  } catch (const std::bad_alloc &) {
    report(status, CDCMTK_OUT_OF_MEMORY, 0, "out of memory");
  } catch (const std::exception &exception) {
    report(status, otherwise, 0, exception.what());
  } catch (...) {
    report(status, otherwise, 0, "unexpected error");
  }
}

}  // namespace cdcmtk

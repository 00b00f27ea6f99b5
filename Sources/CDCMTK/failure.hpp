// The one exception of this shim and its way into a status.
#pragma once

#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "dcmtk/config/osconfig.h"
#include "dcmtk/ofstd/ofcond.h"
#include "include/cdcmtk.h"

namespace cdcmtk {

using Bytes = std::vector<uint8_t>;

struct Failure : std::exception {
  cdcmtk_reason reason;
  int32_t toolkit_code;
  std::string message;

  Failure(cdcmtk_reason reason, std::string message, int32_t toolkit_code = 0)
      : reason(reason), toolkit_code(toolkit_code), message(std::move(message)) {}

  const char *what() const noexcept override { return message.c_str(); }
};

// Throws where DCMTK reports an error; `what` says what was being done.
inline void check(const OFCondition &condition, cdcmtk_reason reason, const std::string &what) {
  if (condition.bad())
    throw Failure(
      reason, what + ": " + condition.text(), int32_t(condition.module()) << 16 | condition.code());
}

// Runs `body`; whatever it throws ends in `status`.
template <typename Body>
void guarded(cdcmtk_status *status, cdcmtk_reason otherwise, Body body) noexcept {
  auto report = [&](cdcmtk_reason reason, int32_t code, const char *message) {
    status->reason = reason;
    status->toolkit_code = code;
    std::snprintf(status->message, sizeof status->message, "%s", message);
  };
  report(CDCMTK_OK, 0, "");
  try {
    body();
  } catch (const Failure &failure) {
    report(failure.reason, failure.toolkit_code, failure.what());
  } catch (const std::bad_alloc &) {
    report(CDCMTK_OUT_OF_MEMORY, 0, "out of memory");
  } catch (const std::exception &exception) {
    report(otherwise, 0, exception.what());
  } catch (...) {
    report(otherwise, 0, "unexpected error");
  }
}

}  // namespace cdcmtk

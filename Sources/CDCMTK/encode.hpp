// Part 10 files.
#pragma once

#include "input.hpp"

namespace cdcmtk {

struct Implementation {
  const char *class_uid, *version;
};

Bytes encode_file(View elements, const char *transfer_syntax, const Implementation &implementation);

}  // namespace cdcmtk

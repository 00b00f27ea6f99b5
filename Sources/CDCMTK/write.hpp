// Writing Part 10 files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cdcmtk {

struct Implementation {
  std::string class_uid, version;
};

void write_file(
  const std::string &path, const std::string &transfer_syntax, const Implementation &implementation,
  const uint8_t *elements, size_t elements_length, const uint8_t *pixels, size_t pixels_length);

}  // namespace cdcmtk

// An opened file: structure, parsed data set, frames.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "image.hpp"
#include "include/cdcmtk.h"
#include "structure.hpp"

struct cdcmtk_file {
  cdcmtk_file(const char *path, bool header_only);

  const std::string &transfer_syntax() const { return structure_.transfer_syntax; }
  const std::vector<uint8_t> &elements() const { return elements_; }
  uint32_t frames() const { return structure_.pixels.is_present ? image_.frames : 0; }

  cdcmtk_frame describe(uint32_t index) const;
  cdcmtk_frame decode(uint32_t index, int32_t *pixels, size_t count) const;

 private:
  void parse(bool header_only);
  void decode_native(uint32_t index, int32_t *pixels) const;
  std::vector<uint8_t> codestream(uint32_t index) const;
  std::vector<cdcmtk::Fragment> fragments(uint32_t index) const;
  std::vector<cdcmtk::Fragment> fragments_by_offset(uint32_t index) const;
  std::vector<cdcmtk::Fragment> fragments_by_start(uint32_t index) const;

  cdcmtk::Structure structure_;
  cdcmtk::Image image_;
  std::vector<uint8_t> elements_;
};

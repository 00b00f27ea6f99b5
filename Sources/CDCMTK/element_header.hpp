// The head of one data element (PS3.5 section 7.1).
#pragma once

#include <cstdint>
#include <string>

#include "bytes.hpp"
#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmdata/dcxfer.h"

namespace cdcmtk {

constexpr uint32_t item_start = 0xfffee000;
constexpr uint32_t item_delimiter = 0xfffee00d;
constexpr uint32_t sequence_delimiter = 0xfffee0dd;
constexpr uint32_t extended_offset_table_tag = 0x7fe00001;
constexpr uint32_t first_pixel_tag = 0x7fe00000;
constexpr uint32_t pixel_data = 0x7fe00010;

struct ElementHeader {
  uint32_t tag;
  uint16_t vr;  // its two letters, 0 where implicit
  uint32_t length;
  uint64_t value;  // offset of the value

  bool is_undefined_length() const { return length == 0xffffffff; }
};

constexpr uint16_t code(const char (&vr)[3]) { return uint16_t(uint8_t(vr[0]) << 8 | uint8_t(vr[1])); }

inline uint32_t little_endian_32(const uint8_t *bytes) {
  return uint32_t(bytes[0]) | uint32_t(bytes[1]) << 8 | uint32_t(bytes[2]) << 16 | uint32_t(bytes[3]) << 24;
}

bool is_known_vr(uint16_t vr);

// `(gggg,eeee)`
std::string describe(uint32_t tag);

// Reads the head of the element at `position`, which must end before `end`.
ElementHeader read_element_header(Bytes &bytes, uint64_t position, uint64_t end, E_TransferSyntax encoding);

}  // namespace cdcmtk

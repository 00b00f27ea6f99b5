#include "element_header.hpp"

#include <algorithm>

#include "failure.hpp"

namespace cdcmtk {

namespace {

constexpr uint16_t short_vrs[] = {
  code("AE"), code("AS"), code("AT"), code("CS"), code("DA"), code("DS"), code("DT"),
  code("FD"), code("FL"), code("IS"), code("LO"), code("LT"), code("PN"), code("SH"),
  code("SL"), code("SS"), code("ST"), code("TM"), code("UI"), code("UL"), code("US"),
};
constexpr uint16_t long_vrs[] = {
  code("OB"), code("OD"), code("OF"), code("OL"), code("OV"), code("OW"), code("SQ"),
  code("SV"), code("UC"), code("UN"), code("UR"), code("UT"), code("UV"),
};

template <size_t count>
bool contains(const uint16_t (&list)[count], uint16_t vr) {
  return std::find(list, list + count, vr) != list + count;
}

bool is_letter(uint16_t byte) { return byte >= 'A' && byte <= 'Z'; }

// Representations yet to be invented have long lengths (PS3.5 section 7.1.2); what isn't even letters has
// not.
bool has_long_length(uint16_t vr) {
  if (contains(short_vrs, vr)) return false;
  return contains(long_vrs, vr) || (is_letter(vr >> 8) && is_letter(vr & 0xff));
}

}  // namespace

bool is_known_vr(uint16_t vr) { return contains(short_vrs, vr) || contains(long_vrs, vr); }

std::string describe(uint32_t tag) {
  char text[12];
  std::snprintf(text, sizeof text, "(%04X,%04X)", unsigned(tag >> 16), unsigned(tag & 0xffff));
  return text;
}

ElementHeader read_element_header(Bytes &bytes, uint64_t position, uint64_t end, E_TransferSyntax encoding) {
  auto need = [&](uint64_t count) {
    if (end - position < count)
      throw Failure(CDCMTK_TRUNCATED, "truncated: the file ends between two elements");
  };
  need(8);
  uint8_t head[12];
  bytes.read(position, head, 8);
  bool is_big = encoding == EXS_BigEndianExplicit;
  auto word = [&](int at) {
    return uint32_t(is_big ? head[at] << 8 | head[at + 1] : head[at + 1] << 8 | head[at]);
  };
  auto number = [&](int at) {
    return is_big ? word(at) << 16 | word(at + 2) : word(at + 2) << 16 | word(at);
  };
  ElementHeader header{word(0) << 16 | word(2), 0, 0, position + 8};
  // Items and delimiters have no representation in any encoding.
  if (encoding == EXS_LittleEndianImplicit || header.tag >> 16 == 0xfffe) {
    header.length = number(4);
    return header;
  }
  header.vr = uint16_t(head[4] << 8 | head[5]);
  if (has_long_length(header.vr)) {
    need(12);
    bytes.read(position + 8, head + 8, 4);
    header.length = number(8);
    header.value = position + 12;
  } else {
    header.length = word(6);
  }
  return header;
}

}  // namespace cdcmtk

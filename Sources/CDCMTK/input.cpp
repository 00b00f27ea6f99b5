#include "input.hpp"

#include <algorithm>

#include "dcmtk/dcmdata/dcvr.h"

namespace cdcmtk {

namespace {

// About a hundred sequences in each other; a thread has at least twice of it.
constexpr ptrdiff_t stack_limit = 192 << 10;

bool is_letter(uint8_t byte) { return byte >= 'A' && byte <= 'Z'; }

// An explicit element without a representation of the standard: those yet to be invented have long lengths
// (PS3.5 section 7.1.2); some writers leave the representation out as in implicit data sets.
void read_odd_head(View bytes, size_t at, E_TransferSyntax encoding, Head &head) {
  auto *start = bytes.data + at;
  struct Reading {
    uint32_t length;
    size_t value;
  };
  bool is_big = encoding == EXS_BigEndianExplicit;
  auto number = [&](size_t offset) {
    return is_big ? uint32_t(big_endian(start + offset, 4)) : little_endian_32(start + offset);
  };
  uint32_t short_length = is_big ? number(4) & 0xffff : number(4) >> 16;
  Reading brief{short_length, at + 8}, implicit{number(4), at + 8}, wide = implicit;
  if (bytes.size - at >= 12) wide = {number(8), at + 12};
  bool is_word = is_letter(start[4]) && is_letter(start[5]);
  const Reading readings[] = {is_word ? wide : brief, implicit, is_word ? brief : wide};
  for (const auto &reading : readings) {
    if (reading.length > bytes.size - reading.value) continue;
    auto end = reading.value + reading.length;
    if (end != bytes.size && !may_follow(bytes, end, encoding, head.tag)) continue;
    head.length = reading.length;
    head.value = reading.value;
    return;
  }
  head.length = readings[0].length;
  head.value = readings[0].value;
}

}  // namespace

bool has_vr(View bytes, size_t at) {
  if (at + 2 > bytes.size || !is_letter(bytes.data[at])) return false;
  const char name[3] = {char(bytes.data[at]), char(bytes.data[at + 1]), 0};
  return DcmVR(name).isStandard();
}

bool may_follow(View bytes, size_t at, E_TransferSyntax encoding, const DcmTagKey &after) {
  if (at + 8 > bytes.size) return false;
  bool is_big = encoding == EXS_BigEndianExplicit;
  auto word = [&](size_t offset) {
    return Uint16(bytes.data[at + offset + !is_big] << 8 | bytes.data[at + offset + is_big]);
  };
  DcmTagKey tag(word(0), word(2));
  if (tag.getGroup() == 0xfffe || !(after < tag)) return false;
  if (encoding == EXS_LittleEndianImplicit) {
    auto length = little_endian_32(bytes.data + at + 4);
    return length == 0xffffffff || length <= bytes.size - at - 8;
  }
  return has_vr(bytes, at + 4);
}

Head read_head(View bytes, size_t at, E_TransferSyntax encoding) {
  if (bytes.size - at < 8) truncated("between two elements");
  auto *start = bytes.data + at;
  bool is_big = encoding == EXS_BigEndianExplicit;
  auto word = [&](size_t offset) { return uint32_t(start[offset + !is_big] << 8 | start[offset + is_big]); };
  auto number = [&](size_t offset) {
    return is_big ? word(offset) << 16 | word(offset + 2) : word(offset + 2) << 16 | word(offset);
  };
  Head head{DcmTagKey(Uint16(word(0)), Uint16(word(2))), {}, 0, at + 8};
  // Items and delimiters have no representation in any encoding.
  if (encoding == EXS_LittleEndianImplicit || head.tag.getGroup() == 0xfffe) {
    head.length = number(4);
  } else if (has_vr(bytes, at + 4)) {
    std::memcpy(head.vr, start + 4, 2);
    if (DcmVR(head.vr).usesExtendedLengthEncoding()) {
      if (bytes.size - at < 12) truncated("between two elements");
      head.length = number(8);
      head.value = at + 12;
    } else {
      head.length = word(6);
    }
  } else {
    read_odd_head(bytes, at, encoding, head);
  }
  return head;
}

OFCondition MemoryProducer::status() const {
  auto used = stack_ - static_cast<const char *>(__builtin_frame_address(0));
  if (used > stack_limit) is_too_deep_ = true;
  return is_too_deep_ || is_too_large() ? EC_InvalidStream : EC_Normal;
}

offile_off_t MemoryProducer::read(void *target, offile_off_t count) {
  if (reads_ != nullptr) ++*reads_;
  count = std::min(count, avail());
  if (count > 0) std::memcpy(target, bytes_.data + at_, size_t(count));
  return skip(count);
}

offile_off_t MemoryProducer::skip(offile_off_t count) {
  count = std::min(count, avail());
  at_ += size_t(count);
  return count;
}

}  // namespace cdcmtk

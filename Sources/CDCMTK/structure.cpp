#include "structure.hpp"

#include <cstring>

#include "element_header.hpp"
#include "failure.hpp"

#include "dcmtk/dcmdata/dcuid.h"

namespace cdcmtk {

namespace {

constexpr int depth_limit = 64;

[[noreturn]] void truncated(const std::string &where) {
  throw Failure(CDCMTK_TRUNCATED, "truncated: the file ends " + where);
}

class Walker {
 public:
  Walker(Bytes &bytes, E_TransferSyntax encoding) : bytes_(bytes), encoding_(encoding) {}

  // Walks the elements of an item of known length, or up to its delimiter. Returns where it ends.
  uint64_t item(uint64_t position, uint64_t end, bool delimited, E_TransferSyntax encoding, int depth) {
    while (delimited || position < end) {
      auto header = read_element_header(bytes_, position, end, encoding);
      if (header.tag == item_delimiter) return header.value;
      position = element(header, end, encoding, depth);
    }
    return position;
  }

  // Walks one element that isn't encapsulated pixel data. Returns where it ends.
  uint64_t element(const ElementHeader &header, uint64_t end, E_TransferSyntax encoding, int depth) {
    if (header.is_undefined_length()) {
      // PS3.5 section 6.2.2: an unknown element of undefined length is an implicit little endian sequence.
      auto inner = header.vr == code("UN") ? EXS_LittleEndianImplicit : encoding;
      return sequence(header.value, end, true, inner, depth + 1);
    }
    if (header.length > end - header.value) truncated("within element " + describe(header.tag));
    auto value_end = header.value + header.length;
    if (header.length >= 8 && may_be_sequence(header, encoding)) {
      auto inner = header.vr == code("UN") ? EXS_LittleEndianImplicit : encoding;
      sequence(header.value, value_end, false, inner, depth + 1);
    }
    return value_end;
  }

  void encapsulated(uint64_t position, PixelElement &pixels) {
    bool is_first = true;
    for (;;) {
      if (bytes_.size() - position < 8) truncated("within the pixel data: no sequence delimiter");
      auto header = read_element_header(bytes_, position, bytes_.size(), encoding_);
      if (header.tag == sequence_delimiter) {
        pixels.length = header.value;
        return;
      }
      if (header.tag != item_start)
        throw Failure(
          CDCMTK_CORRUPT, "pixel data: " + describe(header.tag) + " where a fragment should begin");
      if (header.is_undefined_length())
        throw Failure(CDCMTK_CORRUPT, "pixel data: fragment of undefined length");
      if (header.length > bytes_.size() - header.value) truncated("within a fragment of the pixel data");
      if (is_first) {
        basic_offset_table(header, pixels);
      } else {
        pixels.fragments.push_back({header.value, header.length});
      }
      is_first = false;
      position = header.value + header.length;
    }
  }

 private:
  uint64_t sequence(uint64_t position, uint64_t end, bool delimited, E_TransferSyntax encoding, int depth) {
    if (depth > depth_limit) throw Failure(CDCMTK_CORRUPT, "sequences nested too deeply");
    while (delimited || position < end) {
      auto header = read_element_header(bytes_, position, end, encoding);
      if (header.tag == sequence_delimiter) return header.value;
      if (header.tag != item_start)
        throw Failure(CDCMTK_CORRUPT, describe(header.tag) + " where an item should begin");
      if (header.is_undefined_length()) {
        position = item(header.value, end, true, encoding, depth);
      } else {
        if (header.length > end - header.value) truncated("within an item");
        position = item(header.value, header.value + header.length, false, encoding, depth);
      }
    }
    return position;
  }

  // Implicit and unknown elements are sequences where the dictionary says so and an item begins.
  bool may_be_sequence(const ElementHeader &header, E_TransferSyntax encoding) {
    if (header.vr == code("SQ")) return true;
    if (header.vr != 0 && header.vr != code("UN")) return false;
    uint8_t first[4];
    bytes_.read(header.value, first, 4);
    static const uint8_t little[4] = {0xfe, 0xff, 0x00, 0xe0};
    return std::memcmp(first, little, 4) == 0 &&
           cdcmtk_dictionary_vr(header.tag >> 16, header.tag & 0xffff) == code("SQ");
  }

  void basic_offset_table(const ElementHeader &header, PixelElement &pixels) {
    if (header.length % 4 != 0 || header.length > 1 << 26) return;
    auto table = bytes_.read(header.value, header.length);
    for (size_t at = 0; at + 4 <= table.size(); at += 4)
      pixels.offset_table.push_back(little_endian_32(&table[at]));
  }

  Bytes &bytes_;
  E_TransferSyntax encoding_;
};

// Some writers pad the file with zeros to a multiple of their block size.
bool only_zeros(Bytes &bytes, uint64_t position) {
  auto rest = bytes.size() - position;
  if (rest > 1 << 20) return false;
  for (uint8_t byte : bytes.read(position, size_t(rest)))
    if (byte != 0) return false;
  return true;
}

void extended_offset_table(Bytes &bytes, const ElementHeader &header, PixelElement &pixels) {
  if (header.length % 8 != 0 || header.length > 1 << 26) return;
  auto table = bytes.read(header.value, header.length);
  for (size_t at = 0; at + 8 <= table.size(); at += 8)
    pixels.offset_table.push_back(
      little_endian_32(&table[at]) | uint64_t(little_endian_32(&table[at + 4])) << 32);
}

void walk_data_set(Structure &structure, bool header_only) {
  Bytes &bytes = *structure.bytes;
  Walker walker(bytes, structure.encoding);
  std::vector<uint64_t> extended;
  uint64_t position = structure.start;
  structure.header_end = bytes.size();
  bool in_header = true;
  while (position < bytes.size()) {
    if (!in_header && only_zeros(bytes, position)) break;
    auto header = read_element_header(bytes, position, bytes.size(), structure.encoding);
    if (in_header && header.tag >= first_pixel_tag) {
      structure.header_end = position;
      in_header = false;
    }
    if (header.tag == pixel_data) {
      auto &pixels = structure.pixels;
      pixels.is_present = true;
      pixels.is_words = header.vr == code("OW") || header.vr == 0;
      pixels.is_encapsulated = header.is_undefined_length();
      pixels.offset = header.value;
      pixels.length = header.length;
      if (header_only) return;
      if (pixels.is_encapsulated) {
        walker.encapsulated(header.value, pixels);
        position = pixels.length;
        pixels.length -= pixels.offset;
        if (pixels.offset_table.empty()) pixels.offset_table = extended;
        continue;
      }
    } else if (!in_header && header_only) {
      return;
    }
    position = walker.element(header, bytes.size(), structure.encoding, 0);
    if (header.tag == extended_offset_table_tag && !header.is_undefined_length()) {
      PixelElement table;
      extended_offset_table(bytes, header, table);
      extended = std::move(table.offset_table);
    }
  }
}

// The value of Transfer Syntax UID and the end of group 2 (PS3.10 section 7.1, always explicit little
// endian).
uint64_t walk_meta(Bytes &bytes, uint64_t position, std::string &transfer_syntax) {
  while (bytes.size() - position >= 8) {
    auto header = read_element_header(bytes, position, bytes.size(), EXS_LittleEndianExplicit);
    if (header.tag >> 16 != 0x0002) break;
    if (header.is_undefined_length() || header.length > bytes.size() - header.value)
      truncated("within the file meta information");
    if (header.tag == 0x00020010) {
      auto value = bytes.read(header.value, header.length);
      transfer_syntax.assign(value.begin(), value.end());
      while (!transfer_syntax.empty() && (transfer_syntax.back() == 0 || transfer_syntax.back() == ' '))
        transfer_syntax.pop_back();
    }
    position = header.value + header.length;
  }
  return position;
}

bool begins_explicit(Bytes &bytes, uint64_t position) {
  if (bytes.size() - position < 8) return true;
  uint8_t head[8];
  bytes.read(position, head, 8);
  return is_known_vr(uint16_t(head[4] << 8 | head[5]));
}

E_TransferSyntax data_set_encoding(Structure &structure) {
  const auto &uid = structure.transfer_syntax;
  if (uid == UID_BigEndianExplicitTransferSyntax) return EXS_BigEndianExplicit;
  // Some files say implicit and are explicit, or the other way round; the first element tells.
  return begins_explicit(*structure.bytes, structure.start) ? EXS_LittleEndianExplicit
                                                            : EXS_LittleEndianImplicit;
}

}  // namespace

Structure walk(const char *path, bool header_only) {
  Structure structure;
  structure.bytes = std::make_unique<FileBytes>(path);
  Bytes &file = *structure.bytes;
  if (file.size() == 0) throw Failure(CDCMTK_EMPTY_FILE, "empty file");
  char magic[4] = {};
  if (file.size() >= 132) file.read(128, magic, 4);
  bool has_preamble = std::memcmp(magic, "DICM", 4) == 0;
  if (!has_preamble) {
    // A bare data set begins with group 2 or 8; anything else isn't DICOM.
    uint8_t head[8] = {};
    if (file.size() >= 8) file.read(0, head, 8);
    bool may_be_bare = file.size() >= 8 && (head[0] == 2 || head[0] == 8) && head[1] == 0 && head[3] == 0;
    if (!may_be_bare) throw Failure(CDCMTK_NOT_DICOM, "not a DICOM file");
  }
  try {
    structure.start = walk_meta(file, has_preamble ? 132 : 0, structure.transfer_syntax);
    if (structure.transfer_syntax == UID_DeflatedExplicitVRLittleEndianTransferSyntax) {
      structure.bytes = inflate(file, structure.start);
      structure.start = 0;
    }
    structure.encoding = data_set_encoding(structure);
    if (structure.transfer_syntax.empty())
      structure.transfer_syntax = structure.encoding == EXS_LittleEndianImplicit
                                    ? UID_LittleEndianImplicitTransferSyntax
                                    : UID_LittleEndianExplicitTransferSyntax;
    walk_data_set(structure, header_only);
  } catch (const Failure &failure) {
    // Without the magic word a file that makes no sense just isn't DICOM.
    if (has_preamble || failure.reason == CDCMTK_UNREADABLE) throw;
    throw Failure(CDCMTK_NOT_DICOM, "not a DICOM file");
  }
  if (structure.start >= structure.bytes->size()) truncated("before the data set");
  return structure;
}

}  // namespace cdcmtk

// Where things lie in a DICOM file. DCMTK takes a file that ends in the middle of an element for complete, so
// the structure is walked before DCMTK parses anything.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmdata/dcxfer.h"

namespace cdcmtk {

struct Fragment {
  uint64_t offset;  // of its value
  uint32_t length;
};

struct PixelElement {
  bool is_present = false;
  bool is_encapsulated = false;
  bool is_words = false;  // VR OW
  uint64_t offset = 0;    // of the native value
  uint64_t length = 0;
  std::vector<Fragment> fragments;     // without the offset table
  std::vector<uint64_t> offset_table;  // basic or extended; frame starts relative to the first fragment's tag
};

struct Structure {
  std::string transfer_syntax;
  // How the data set's own elements are encoded; encapsulated syntaxes are explicit little endian.
  E_TransferSyntax encoding = EXS_LittleEndianExplicit;
  // The bytes that offsets refer to: the file, or its inflated data set.
  std::unique_ptr<Bytes> bytes;
  uint64_t start = 0;       // of the data set
  uint64_t header_end = 0;  // of what precedes the pixel data
  PixelElement pixels;
};

// Walks a file. With `header_only` it stops at the pixel data. Throws for what isn't DICOM, is cut short or
// contradicts itself.
Structure walk(const char *path, bool header_only);

}  // namespace cdcmtk

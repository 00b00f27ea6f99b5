// Bytes in memory: a view of them, heads of elements in them (PS3.5 section 7.1), DCMTK's way to read them.
#pragma once

#include <cstring>

#include "failure.hpp"

#include "dcmtk/dcmdata/dcerror.h"
#include "dcmtk/dcmdata/dcistrma.h"
#include "dcmtk/dcmdata/dctagkey.h"
#include "dcmtk/dcmdata/dcxfer.h"

namespace cdcmtk {

struct View {
  const uint8_t *data;
  size_t size;
};

// What stands before the pixel data of a radiograph is far smaller. In memory it takes several times its size, and
// an element or item of eight bytes takes hundreds.
constexpr size_t header_limit = size_t(256) << 20;
constexpr size_t item_limit = size_t(1) << 20;

// Whether a codestream ends as what a broken transfer was filled up with: zeros, and not behind the mark of the end
// that JPEG, JPEG-LS and JPEG 2000 share.
inline bool is_filled_up(View codestream) {
  constexpr size_t least = 16;
  size_t end = codestream.size;
  while (end > 0 && codestream.data[end - 1] == 0) --end;
  bool is_ended = end >= 2 && codestream.data[end - 2] == 0xff && codestream.data[end - 1] == 0xd9;
  return codestream.size - end >= least && !is_ended;
}

inline uint32_t little_endian_32(const uint8_t *bytes) {
  return uint32_t(bytes[0]) | uint32_t(bytes[1]) << 8 | uint32_t(bytes[2]) << 16 | uint32_t(bytes[3]) << 24;
}

inline uint64_t big_endian(const uint8_t *bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

const DcmTagKey item_tag(0xfffe, 0xe000);

struct Head {
  DcmTagKey tag;
  char vr[3];  // empty where implicit, or none that DICOM has
  uint32_t length;
  size_t value;  // offset of the value

  bool is_undefined_length() const { return length == 0xffffffff; }
  bool is_delimiter() const {
    return length == 0 && (tag == DcmTagKey(0xfffe, 0xe00d) || tag == DcmTagKey(0xfffe, 0xe0dd));
  }
  // `(gggg,eeee)`
  std::string name() const { return tag.toString().c_str(); }
  bool has_vr(const char *name) const { return std::strcmp(vr, name) == 0; }
};

// Reads the head of the element at `at`. Where an explicit data set has an element without a representation,
// its length is taken for what makes another element follow it.
Head read_head(View bytes, size_t at, E_TransferSyntax encoding);

// Whether an element of the encoding that may follow `after` begins at `at`.
bool may_follow(View bytes, size_t at, E_TransferSyntax encoding, const DcmTagKey &after);

// Whether two letters at `at` are a representation.
bool has_vr(View bytes, size_t at);

[[noreturn]] inline void truncated(const std::string &where) {
  throw Failure(CDCMTK_TRUNCATED, "truncated: the file ends " + where);
}

[[noreturn]] inline void too_large() {
  throw Failure(CDCMTK_TOO_LARGE, "more than 256 MiB or a million elements before the pixel data");
}

// DCMTK's own streams take a copy first; and DCMTK reads sequences in sequences until the stack is used up, and
// items until the memory is. `reads` counts on from one stream to the next; without it, nothing is too large.
class MemoryProducer : public DcmProducer {
 public:
  MemoryProducer(View bytes, size_t *reads)
      : bytes_(bytes), reads_(reads), stack_(static_cast<const char *>(__builtin_frame_address(0))) {}

  OFBool good() const override { return status().good(); }
  OFCondition status() const override;
  OFBool eos() override { return at_ == bytes_.size; }
  offile_off_t avail() override { return offile_off_t(bytes_.size - at_); }
  offile_off_t read(void *target, offile_off_t count) override;
  offile_off_t skip(offile_off_t count) override;
  void putback(offile_off_t count) override { at_ -= size_t(count); }

  bool is_too_deep() const { return is_too_deep_; }
  // DCMTK reads an item or element in two to six portions.
  bool is_too_large() const { return reads_ != nullptr && (at_ > header_limit || *reads_ > 6 * item_limit); }

 private:
  View bytes_;
  size_t at_ = 0;
  size_t *reads_;
  const char *stack_;
  mutable bool is_too_deep_ = false;
};

class MemoryStream : public DcmInputStream {
 public:
  explicit MemoryStream(View bytes, size_t *reads = nullptr) : DcmInputStream(&producer_), producer_(bytes, reads) {}
  DcmInputStreamFactory *newFactory() const override { return nullptr; }
  bool is_too_deep() const { return producer_.is_too_deep(); }
  bool is_too_large() const { return producer_.is_too_large(); }

 private:
  MemoryProducer producer_;
};

}  // namespace cdcmtk

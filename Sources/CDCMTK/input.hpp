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

inline uint32_t little_endian_32(const uint8_t *bytes) {
  return uint32_t(bytes[0]) | uint32_t(bytes[1]) << 8 | uint32_t(bytes[2]) << 16 | uint32_t(bytes[3]) << 24;
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

// DCMTK's own streams take a copy first; and DCMTK reads sequences in sequences until the stack is used up.
class MemoryProducer : public DcmProducer {
 public:
  explicit MemoryProducer(View bytes)
      : bytes_(bytes), stack_(static_cast<const char *>(__builtin_frame_address(0))) {}

  OFBool good() const override { return status().good(); }
  OFCondition status() const override;
  OFBool eos() override { return at_ == bytes_.size; }
  offile_off_t avail() override { return offile_off_t(bytes_.size - at_); }
  offile_off_t read(void *target, offile_off_t count) override;
  offile_off_t skip(offile_off_t count) override;
  void putback(offile_off_t count) override { at_ -= size_t(count); }

  bool is_too_deep() const { return is_too_deep_; }

 private:
  View bytes_;
  size_t at_ = 0;
  const char *stack_;
  mutable bool is_too_deep_ = false;
};

class MemoryStream : public DcmInputStream {
 public:
  explicit MemoryStream(View bytes) : DcmInputStream(&producer_), producer_(bytes) {}
  DcmInputStreamFactory *newFactory() const override { return nullptr; }
  bool is_too_deep() const { return producer_.is_too_deep(); }

 private:
  MemoryProducer producer_;
};

}  // namespace cdcmtk

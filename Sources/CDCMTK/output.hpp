// Memory that DCMTK writes into.
#pragma once

#include "failure.hpp"

#include "dcmtk/dcmdata/dcostrma.h"

namespace cdcmtk {

class MemoryConsumer : public DcmConsumer {
 public:
  Bytes bytes;

  OFBool good() const override { return OFTrue; }
  OFCondition status() const override { return EC_Normal; }
  OFBool isFlushed() const override { return OFTrue; }
  offile_off_t avail() const override { return offile_off_t(1) << 40; }
  offile_off_t write(const void *from, offile_off_t count) override {
    auto *begin = static_cast<const uint8_t *>(from);
    bytes.insert(bytes.end(), begin, begin + count);
    return count;
  }
  void flush() override {}
};

class MemoryOutput : public DcmOutputStream {
 public:
  explicit MemoryOutput(MemoryConsumer &consumer) : DcmOutputStream(&consumer) {}
};

}  // namespace cdcmtk

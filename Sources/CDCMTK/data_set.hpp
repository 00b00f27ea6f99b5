// DCMTK reads a data set element by element, so that one that it can't read costs only itself.
#pragma once

#include <functional>

#include "input.hpp"

#include "dcmtk/dcmdata/dcdatset.h"

namespace cdcmtk {

constexpr Uint16 pixel_group = 0x7fe0;

// Code and tag of what was mended or left out.
using Remark = std::function<void(const char *code, const std::string &what)>;

class DataSet : public DcmDataset {
 public:
  DataSet(View bytes, E_TransferSyntax encoding, Remark remark)
      : bytes_(bytes), encoding_(encoding), remark_(std::move(remark)) {}

  // Reads up to the pixel group or the end; returns where that is.
  size_t read_elements(size_t at);

  // Reads one element of which nothing is kept; returns where it ends.
  size_t skip_element(size_t at);

  // In explicit little endian, what can't be said in it left out.
  Bytes encoded();

  // The end of an element was guessed, rightly so far.
  bool is_mended() const { return is_mended_; }

 private:
  size_t read_element(size_t at, const Head &head);
  OFCondition read_value(const Head &head, size_t end, const char *vr);
  void take_out(const Head &head);
  void leave_out(const Head &head);
  size_t resume_after(const Head &head, const OFCondition &result);
  size_t resumption(size_t at, const Head &head);

  View bytes_;
  E_TransferSyntax encoding_;
  Remark remark_;
  // Where DCMTK ended with the last value, and whether it put an element in for it.
  size_t stopped_ = 0;
  bool is_put_in_ = false;
  size_t reads_ = 0;
  int attempts_ = 64;
  bool is_mended_ = false;
};

// Walks items by their lengths up to the sequence delimiter at `at`, whatever is in them; `item` gets offset and
// length of each. False where that isn't possible; `at` is then where it isn't.
bool walk_items(
  View bytes, size_t &at, E_TransferSyntax encoding, const std::function<void(size_t, size_t)> &item);

}  // namespace cdcmtk

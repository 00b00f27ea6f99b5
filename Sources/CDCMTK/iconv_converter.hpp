// The C library's converter between character encodings.
#pragma once

#include <iconv.h>

#include <cerrno>
#include <cstdint>
#include <string>

namespace cdcmtk {

class IconvConverter {
 public:
  // Encodings by the C library's names; one that it doesn't have fails every conversion.
  IconvConverter(const char *from, const char *to) : descriptor_(iconv_open(to, from)) {}
  ~IconvConverter() {
    if (descriptor_ != none()) iconv_close(descriptor_);
  }
  IconvConverter(const IconvConverter &) = delete;
  IconvConverter &operator=(const IconvConverter &) = delete;

  // Appends the converted text; false where it contains what either encoding doesn't have.
  bool convert(const std::string &source, std::string &target) {
    if (descriptor_ == none()) return false;
    iconv(descriptor_, nullptr, nullptr, nullptr, nullptr);
    auto *in = const_cast<char *>(source.data());
    size_t in_left = source.size();
    char buffer[1024];
    while (in_left > 0) {
      char *out = buffer;
      size_t out_left = sizeof buffer;
      auto result = iconv(descriptor_, &in, &in_left, &out, &out_left);
      target.append(buffer, sizeof buffer - out_left);
      // A full buffer is no failure as long as something went into it.
      if (result == size_t(-1) && (in_left == 0 || out_left == sizeof buffer || errno != E2BIG)) return false;
      if (result != size_t(-1) && result != 0) return false;
    }
    return true;
  }

 private:
  static iconv_t none() { return iconv_t(-1); }

  iconv_t descriptor_;
};

}  // namespace cdcmtk

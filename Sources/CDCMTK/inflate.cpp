#include "inflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <memory>

namespace cdcmtk {

namespace {

// More than any radiograph; what inflates to more is an attack or a mistake.
constexpr size_t limit = size_t(256) << 20;

// False where `deflated` isn't in the given format at all.
bool inflate(View deflated, bool is_beginning, int window_bits, Bytes &inflated) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) throw std::bad_alloc();
  std::unique_ptr<z_stream, decltype(&inflateEnd)> owner(&stream, inflateEnd);
  Bytes chunk(256 << 10);
  stream.next_in = const_cast<Bytef *>(deflated.data);
  stream.avail_in = uInt(std::min<size_t>(deflated.size, 1 << 30));
  for (;;) {
    stream.next_out = chunk.data();
    stream.avail_out = uInt(chunk.size());
    int result = ::inflate(&stream, Z_NO_FLUSH);
    auto got = chunk.size() - stream.avail_out;
    if (inflated.size() + got > limit) throw Failure(CDCMTK_TOO_LARGE, "inflates to more than 256 MiB");
    inflated.insert(inflated.end(), chunk.begin(), chunk.begin() + ptrdiff_t(got));
    if (result == Z_STREAM_END) return true;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result == Z_BUF_ERROR || (result == Z_OK && got == 0)) {
      if (is_beginning) return true;
      truncated("within the deflated data set");
    }
    if (result != Z_OK && inflated.empty()) return false;
    if (result != Z_OK) throw Failure(CDCMTK_CORRUPT, "the deflated data set is damaged");
  }
}

}  // namespace

Bytes inflate(View deflated, bool is_beginning) {
  Bytes inflated;
  // Raw deflate is what the standard wants; some writers wrap it as zlib does.
  if (!inflate(deflated, is_beginning, -MAX_WBITS, inflated) &&
      !inflate(deflated, is_beginning, MAX_WBITS, inflated))
    throw Failure(CDCMTK_CORRUPT, "the data set isn't deflated");
  return inflated;
}

}  // namespace cdcmtk

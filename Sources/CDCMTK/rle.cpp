// RLE decoding (PS3.5 annex G). DCMTK's decoder takes a segment that ends early for a good one.
#include "codecs.hpp"
#include "element_header.hpp"
#include "failure.hpp"

namespace cdcmtk {

namespace {

constexpr size_t header_size = 64;

// Unpacks one segment: byte plane number `plane` of every cell.
void unpack_segment(
  const uint8_t *source, size_t length, std::vector<uint8_t> &cells, size_t plane, size_t stride) {
  size_t at = 0;
  size_t target = plane;
  while (target < cells.size()) {
    if (at >= length) throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "RLE: a segment ends too early");
    auto control = int8_t(source[at++]);
    if (control == -128) continue;
    bool is_run = control < 0;
    size_t count = is_run ? size_t(1 - control) : size_t(control) + 1;
    if (at + (is_run ? 1 : count) > length)
      throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "RLE: a segment ends too early");
    for (size_t i = 0; i < count; ++i, target += stride) {
      // Some encoders let the last run reach beyond the plane.
      if (target >= cells.size()) break;
      cells[target] = source[is_run ? at : at + i];
    }
    at += is_run ? 1 : count;
  }
}

}  // namespace

void decode_rle(Codestream codestream, const Image &image, int32_t *values) {
  size_t width = image.bits_allocated / 8;
  if (width == 0) throw Failure(CDCMTK_UNSUPPORTED_PIXELS, "RLE of single bits is not supported");
  size_t segments = width * image.samples;
  if (codestream.size() < header_size || little_endian_32(codestream.data()) != segments)
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "RLE: the header contradicts the image");
  std::vector<uint8_t> cells(image.count() * width);
  for (size_t segment = 0; segment < segments; ++segment) {
    auto offset = [&](size_t index) {
      return index < segments ? size_t(little_endian_32(&codestream[4 + 4 * index])) : codestream.size();
    };
    size_t begin = offset(segment), end = offset(segment + 1);
    if (begin < header_size || begin > end || end > codestream.size())
      throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "RLE: a segment lies outside of the frame");
    // Segments come sample by sample, the most significant byte first.
    size_t plane = segment / width * width + (width - 1 - segment % width);
    unpack_segment(codestream.data() + begin, end - begin, cells, plane, segments);
  }
  unpack(cells.data(), uint32_t(width), image.high_bit + 1 - image.bits_stored, image, values, image.count());
}

}  // namespace cdcmtk

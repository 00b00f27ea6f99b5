#include "file.hpp"

#include <algorithm>

#include "codecs.hpp"
#include "failure.hpp"
#include "flat.hpp"

#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcerror.h"
#include "dcmtk/dcmdata/dcistrmb.h"

using namespace cdcmtk;

namespace {

// A header beyond this holds something that isn't a header.
constexpr uint64_t header_limit = uint64_t(256) << 20;

}  // namespace

cdcmtk_file::cdcmtk_file(const char *path, bool header_only) : structure_(walk(path, header_only)) {
  parse(header_only);
}

void cdcmtk_file::parse(bool header_only) {
  auto length = structure_.header_end - structure_.start;
  if (length > header_limit) throw Failure(CDCMTK_TOO_LARGE, "more than 256 MiB before the pixel data");
  auto header = structure_.bytes->read(structure_.start, size_t(length));
  DcmInputBufferStream stream;
  stream.setBuffer(header.data(), offile_off_t(header.size()));
  stream.setEos();
  DcmDataset data_set;
  data_set.transferInit();
  auto result = data_set.read(stream, structure_.encoding, EGL_noChange, DCM_MaxReadLength);
  data_set.transferEnd();
  if (result != EC_EndOfStream) check(result, CDCMTK_CORRUPT, "parsing");
  if (data_set.card() == 0) throw Failure(CDCMTK_CORRUPT, "no element before the pixel data");
  image_ = read_image(data_set);
  if (!header_only) check_complete(image_, structure_.pixels);
  elements_ = flatten(data_set);
}

cdcmtk_frame cdcmtk_file::describe(uint32_t index) const {
  const auto &pixels = structure_.pixels;
  if (!pixels.is_present) throw Failure(CDCMTK_NO_PIXEL_DATA, "no pixel data");
  if (index >= image_.frames)
    throw Failure(
      CDCMTK_NO_SUCH_FRAME, "frame " + std::to_string(index) + " of " + std::to_string(image_.frames));
  validate(image_);
  if (pixels.is_encapsulated && codec_of(structure_.transfer_syntax) == Codec::unknown)
    throw Failure(
      CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX,
      "transfer syntax " + structure_.transfer_syntax + " is not supported");
  if (!pixels.is_encapsulated && image_.is_subsampled())
    throw Failure(CDCMTK_UNSUPPORTED_PIXELS, "native pixels of subsampled colour are not supported");
  cdcmtk_frame frame{
    image_.rows, image_.columns, image_.samples, image_.bits_allocated, image_.bits_stored, image_.is_signed,
    {}};
  std::snprintf(
    frame.photometric_interpretation, sizeof frame.photometric_interpretation, "%s",
    image_.photometric.c_str());
  return frame;
}

cdcmtk_frame cdcmtk_file::decode(uint32_t index, int32_t *pixels, size_t count) const {
  auto frame = describe(index);
  if (count != image_.count()) throw Failure(CDCMTK_INVALID_IMAGE, "buffer of another size than the frame");
  std::string photometric = image_.photometric;
  if (!structure_.pixels.is_encapsulated) {
    decode_native(index, pixels);
  } else {
    switch (codec_of(structure_.transfer_syntax)) {
      case Codec::rle: decode_rle(codestream(index), image_, pixels); break;
      case Codec::jpeg: decode_jpeg(codestream(index), image_, pixels, photometric); break;
      case Codec::jpeg_ls: decode_jpeg_ls(codestream(index), image_, pixels); break;
      case Codec::jpeg2000: decode_jpeg2000(codestream(index), image_, pixels, photometric); break;
      case Codec::unknown: break;  // refused by describe()
    }
  }
  std::snprintf(
    frame.photometric_interpretation, sizeof frame.photometric_interpretation, "%s", photometric.c_str());
  return frame;
}

void cdcmtk_file::decode_native(uint32_t index, int32_t *pixels) const {
  auto bits = native_bits(image_, 1);
  auto first_bit = native_bits(image_, index);
  auto first = first_bit / 8;
  auto last = (first_bit + bits + 7) / 8;
  bool is_big = structure_.encoding == EXS_BigEndianExplicit;
  // Big-endian words are swapped in pairs, so they are read in pairs.
  bool swaps_pairs = is_big && structure_.pixels.is_words && image_.bits_allocated <= 16;
  if (swaps_pairs) {
    first &= ~uint64_t(1);
    last += last & 1;
  }
  if (last > structure_.pixels.length)
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "the pixel data is too short");
  auto cells = structure_.bytes->read(structure_.pixels.offset + first, size_t(last - first));
  auto unit = swaps_pairs ? 2 : is_big ? image_.bits_allocated / 8 : 1;
  for (size_t at = 0; unit > 1 && at + unit <= cells.size(); at += unit)
    std::reverse(&cells[at], &cells[at] + unit);
  if (image_.bits_allocated == 1) {
    for (uint64_t i = 0, bit = first_bit - first * 8; i < bits; ++i, ++bit)
      pixels[i] = cells[bit >> 3] >> (bit & 7) & 1;
    return;
  }
  size_t skip = size_t(first_bit / 8 - first);
  if (skip > 0) cells.erase(cells.begin(), cells.begin() + ptrdiff_t(skip));
  auto width = image_.bits_allocated / 8;
  if (image_.samples > 1 && image_.planar_configuration == 1)
    interleave(cells, uint64_t(image_.rows) * image_.columns, image_.samples, width);
  unpack(cells.data(), width, image_.high_bit + 1 - image_.bits_stored, image_, pixels, image_.count());
}

std::vector<uint8_t> cdcmtk_file::codestream(uint32_t index) const {
  uint64_t length = 0;
  auto parts = fragments(index);
  for (const auto &part : parts) length += part.length;
  if (length == 0) throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "the frame is empty");
  std::vector<uint8_t> bytes(length);
  size_t at = 0;
  for (const auto &part : parts) {
    structure_.bytes->read(part.offset, bytes.data() + at, part.length);
    at += part.length;
  }
  return bytes;
}

std::vector<Fragment> cdcmtk_file::fragments(uint32_t index) const {
  const auto &all = structure_.pixels.fragments;
  if (image_.frames == 1) return all;
  if (all.size() == image_.frames) return {all[index]};
  if (structure_.pixels.offset_table.size() == image_.frames) return fragments_by_offset(index);
  return fragments_by_start(index);
}

std::vector<Fragment> cdcmtk_file::fragments_by_offset(uint32_t index) const {
  const auto &all = structure_.pixels.fragments;
  const auto &table = structure_.pixels.offset_table;
  // Offsets count from the first fragment's tag, eight bytes before its value.
  uint64_t base = all[0].offset;
  uint64_t begin = base + table[index];
  uint64_t end = index + 1 < table.size() ? base + table[index + 1] : UINT64_MAX;
  std::vector<Fragment> parts;
  for (const auto &fragment : all)
    if (fragment.offset >= begin && fragment.offset < end) parts.push_back(fragment);
  return parts;
}

// Without a table of offsets a frame begins where a codestream does.
std::vector<Fragment> cdcmtk_file::fragments_by_start(uint32_t index) const {
  if (codec_of(structure_.transfer_syntax) == Codec::rle)
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "fragments of several frames without an offset table");
  std::vector<Fragment> parts;
  int64_t current = -1;
  for (const auto &fragment : structure_.pixels.fragments) {
    uint8_t head[4] = {};
    if (fragment.length >= 4) structure_.bytes->read(fragment.offset, head, 4);
    bool begins =
      head[0] == 0xff && ((head[1] == 0xd8 && head[2] == 0xff) || (head[1] == 0x4f && head[2] == 0xff));
    if (begins) ++current;
    if (current == int64_t(index)) parts.push_back(fragment);
  }
  if (current + 1 != int64_t(image_.frames))
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "fragments and frames don't match");
  return parts;
}

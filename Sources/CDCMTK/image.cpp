#include "image.hpp"

#include <cstring>

#include "failure.hpp"

#include "dcmtk/dcmdata/dcdeftag.h"

namespace cdcmtk {

namespace {

// More values than any radiograph has, and half a gigabyte as decoded.
constexpr uint64_t frame_limit = uint64_t(1) << 27;

uint32_t number(DcmItem &data_set, const DcmTagKey &tag, uint32_t otherwise) {
  Uint16 value = 0;
  return data_set.findAndGetUint16(tag, value).good() ? value : otherwise;
}

template <typename Cell>
void unpack_cells(
  const uint8_t *cells, uint32_t shift, uint32_t bits, bool is_signed, int32_t *values, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    Cell cell;
    std::memcpy(&cell, cells + i * sizeof(Cell), sizeof(Cell));
    values[i] = masked(uint32_t(cell) >> shift, bits, is_signed);
  }
}

}  // namespace

Image read_image(DcmItem &data_set) {
  Image image;
  image.rows = number(data_set, DCM_Rows, 0);
  image.columns = number(data_set, DCM_Columns, 0);
  image.samples = number(data_set, DCM_SamplesPerPixel, 1);
  image.bits_allocated = number(data_set, DCM_BitsAllocated, 0);
  image.bits_stored = number(data_set, DCM_BitsStored, image.bits_allocated);
  image.high_bit = number(data_set, DCM_HighBit, image.bits_stored - 1);
  image.is_signed = number(data_set, DCM_PixelRepresentation, 0) == 1;
  image.planar_configuration = number(data_set, DCM_PlanarConfiguration, 0);
  Sint32 frames = 1;
  if (data_set.findAndGetSint32(DCM_NumberOfFrames, frames).good() && frames > 0)
    image.frames = uint32_t(frames);
  OFString photometric;
  if (data_set.findAndGetOFString(DCM_PhotometricInterpretation, photometric).good())
    image.photometric.assign(photometric.data(), photometric.size());
  return image;
}

void validate(const Image &image) {
  auto invalid = [](const char *message) { throw Failure(CDCMTK_INVALID_IMAGE, message); };
  if (image.rows == 0 || image.columns == 0) invalid("rows or columns are missing or zero");
  if (image.samples == 0 || image.samples > 4) invalid("samples per pixel out of range");
  if (
    image.bits_allocated != 1 && image.bits_allocated != 8 && image.bits_allocated != 16 &&
    image.bits_allocated != 32)
    throw Failure(
      CDCMTK_UNSUPPORTED_PIXELS, std::to_string(image.bits_allocated) + " bits allocated are not supported");
  if (image.bits_stored == 0 || image.bits_stored > image.bits_allocated) invalid("bits stored out of range");
  if (image.high_bit >= image.bits_allocated || image.high_bit + 1 < image.bits_stored)
    invalid("high bit contradicts bits stored");
  if (image.bits_stored == 32 && !image.is_signed)
    throw Failure(CDCMTK_UNSUPPORTED_PIXELS, "32 unsigned bits are not supported");
  if (image.count() > frame_limit) invalid("absurdly many pixels in a frame");
}

uint64_t native_bits(const Image &image, uint64_t frames) {
  // At most 2^16 * 2^16 * 2^16 * 2^16 before the frames are counted.
  auto samples = image.is_subsampled() && image.samples == 3 ? 2 : uint64_t(image.samples);
  auto frame = __uint128_t(image.rows) * image.columns * samples * image.bits_allocated;
  auto total = frame * frames;
  if (total > uint64_t(1) << 62) throw Failure(CDCMTK_TRUNCATED, "truncated: absurdly many pixels declared");
  return uint64_t(total);
}

void check_complete(const Image &image, const PixelElement &pixels) {
  if (!pixels.is_present) return;
  if (pixels.is_encapsulated) {
    if (pixels.fragments.empty())
      throw Failure(CDCMTK_TRUNCATED, "truncated: the pixel data holds no fragment");
    // Frames never share a fragment (PS3.5 section A.4).
    if (pixels.fragments.size() < image.frames)
      throw Failure(
        CDCMTK_TRUNCATED, "truncated: " + std::to_string(image.frames) + " frames declared, " +
                            std::to_string(pixels.fragments.size()) + " fragments present");
    return;
  }
  auto needed = (native_bits(image, image.frames) + 7) / 8;
  if (pixels.length < needed)
    throw Failure(
      CDCMTK_TRUNCATED, "truncated: the pixel data holds " + std::to_string(pixels.length) + " of " +
                          std::to_string(needed) + " bytes");
}

void write_image(const Image &image, DcmItem &data_set) {
  auto put = [&](const DcmTagKey &tag, uint32_t value) {
    check(data_set.putAndInsertUint16(tag, Uint16(value)), CDCMTK_INVALID_IMAGE, "image attributes");
  };
  put(DCM_SamplesPerPixel, image.samples);
  put(DCM_Rows, image.rows);
  put(DCM_Columns, image.columns);
  put(DCM_BitsAllocated, image.bits_allocated);
  put(DCM_BitsStored, image.bits_stored);
  put(DCM_HighBit, image.high_bit);
  put(DCM_PixelRepresentation, image.is_signed ? 1 : 0);
  if (image.samples > 1) put(DCM_PlanarConfiguration, image.planar_configuration);
  check(
    data_set.putAndInsertString(DCM_PhotometricInterpretation, image.photometric.c_str()),
    CDCMTK_INVALID_IMAGE, "image attributes");
  check(data_set.putAndInsertString(DCM_NumberOfFrames, "1"), CDCMTK_INVALID_IMAGE, "image attributes");
}

void unpack(
  const uint8_t *cells, uint32_t bytes_per_cell, uint32_t shift, const Image &image, int32_t *values,
  uint64_t count) {
  switch (bytes_per_cell) {
    case 1: return unpack_cells<uint8_t>(cells, shift, image.bits_stored, image.is_signed, values, count);
    case 2: return unpack_cells<uint16_t>(cells, shift, image.bits_stored, image.is_signed, values, count);
    case 4: return unpack_cells<uint32_t>(cells, shift, image.bits_stored, image.is_signed, values, count);
    default: throw Failure(CDCMTK_UNSUPPORTED_PIXELS, "unsupported cell size");
  }
}

void interleave(std::vector<uint8_t> &frame, uint64_t pixels, uint32_t samples, uint32_t bytes_per_cell) {
  std::vector<uint8_t> planes(frame);
  for (uint32_t sample = 0; sample < samples; ++sample)
    for (uint64_t pixel = 0; pixel < pixels; ++pixel)
      std::memcpy(
        &frame[(pixel * samples + sample) * bytes_per_cell],
        &planes[(sample * pixels + pixel) * bytes_per_cell], bytes_per_cell);
}

}  // namespace cdcmtk

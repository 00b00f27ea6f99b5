// The image pixel module (PS3.3 section C.7.6.3) and what it says about the layout of pixels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmdata/dcitem.h"
#include "structure.hpp"

namespace cdcmtk {

struct Image {
  uint32_t rows = 0, columns = 0, samples = 1;
  uint32_t bits_allocated = 0, bits_stored = 0, high_bit = 0;
  uint32_t planar_configuration = 0;
  uint32_t frames = 1;
  bool is_signed = false;
  std::string photometric;

  // Values in a frame.
  uint64_t count() const { return uint64_t(rows) * columns * samples; }
  // Native colour at half the chroma: one byte pair for each pixel.
  bool is_subsampled() const {
    return photometric.find("_422") != std::string::npos || photometric.find("_420") != std::string::npos;
  }
};

// The attributes as they stand, without judgement.
Image read_image(DcmItem &data_set);

// Throws where the attributes can't describe pixels.
void validate(const Image &image);

// Bits that `frames` native frames take; throws where that overflows.
uint64_t native_bits(const Image &image, uint64_t frames);

// Throws where the pixel data is shorter than the image attributes say.
void check_complete(const Image &image, const PixelElement &pixels);

// A data set of nothing but the image pixel module, for DCMTK's codecs.
void write_image(const Image &image, DcmItem &data_set);

// Turns little-endian cells of `bytes_per_cell` into values: shifted down to bit 0, masked to Bits Stored,
// sign-extended. `shift` is 0 where the codec has already done so.
void unpack(
  const uint8_t *cells, uint32_t bytes_per_cell, uint32_t shift, const Image &image, int32_t *values,
  uint64_t count);

// Masked to Bits Stored and sign-extended.
inline int32_t masked(uint32_t value, uint32_t bits, bool is_signed) {
  if (bits >= 32) return int32_t(value);
  value &= (uint32_t(1) << bits) - 1;
  if (is_signed && (value >> (bits - 1) & 1)) value |= ~uint32_t(0) << bits;
  return int32_t(value);
}

// Colour by plane to colour by pixel.
void interleave(std::vector<uint8_t> &frame, uint64_t pixels, uint32_t samples, uint32_t bytes_per_cell);

}  // namespace cdcmtk

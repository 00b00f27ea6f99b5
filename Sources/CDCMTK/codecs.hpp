// Compressed frames: one frame's codestream to values and back.
#pragma once

#include <algorithm>

#include "input.hpp"

#include "dcmtk/dcmdata/dcdatset.h"

namespace cdcmtk {

// Values in a frame.
inline size_t count(const cdcmtk_image &image) {
  return size_t(image.rows) * image.columns * image.samples_per_pixel;
}

// The head of a JPEG or JPEG-LS codestream (SOFn, SOF55).
struct JPEGHead {
  uint8_t marker, precision;
  uint32_t rows, columns, components;
  size_t scan;  // offset of the marker of the first scan
};
// Throws where it contradicts the image.
JPEGHead read_jpeg_head(const Bytes &codestream, const cdcmtk_image &image);

// Each decodes a whole frame and throws where the codestream is short, damaged or contradicts the image.
void decode_rle(View codestream, const cdcmtk_image &image, int32_t *values);
bool decode_jpeg(View codestream, const cdcmtk_image &image, int32_t *values);  // whether it is RGB now
void decode_jpeg_ls(View codestream, const cdcmtk_image &image, int32_t *values);
void decode_jpeg2000(View codestream, const cdcmtk_image &image, int32_t *values);

// A frame of little-endian cells, colour by pixel.
Bytes encode_jpeg_dct(const uint8_t *frame, const cdcmtk_image &image, uint32_t bits);
Bytes encode_jpeg2000(const uint8_t *frame, const cdcmtk_image &image);

// Registers DCMTK's codecs, says what it may forgive, silences its log; once for the process.
void set_up_toolkit();

// The attributes that DCMTK's codecs ask for.
cdcmtk_image read_image(DcmItem &data_set);
void write_image(const cdcmtk_image &image, DcmItem &data_set);

// What a decoder of `precision` bits made of a pixel as a stored value. More bits than are stored are shifted
// down where High Bit says so; those of a lossy image overshoot and are clipped, of any other are foreign and
// masked.
inline int32_t stored_value(int64_t value, uint32_t precision, bool is_signed, const cdcmtk_image &image) {
  uint32_t bits = image.bits_stored;
  if (precision > bits) {
    if (image.high_bit + 1 > bits) value >>= image.high_bit + 1 - bits;
    if (image.is_lossy && is_signed == image.is_signed) {
      int64_t low = is_signed ? -(int64_t(1) << (bits - 1)) : 0;
      value = std::clamp(value, low, low + (int64_t(1) << bits) - 1);
    }
  }
  auto mask = (uint64_t(1) << bits) - 1;
  auto masked = uint64_t(value) & mask;
  bool is_negative = image.is_signed && (masked >> (bits - 1) & 1);
  return int32_t(is_negative ? masked | ~mask : masked);
}

// The same for cells of the smallest width that holds the precision.
void store(const Bytes &cells, uint32_t width, uint32_t precision, const cdcmtk_image &image, int32_t *values);

}  // namespace cdcmtk

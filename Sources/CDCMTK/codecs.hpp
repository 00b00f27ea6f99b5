// Compressed frames: one frame's codestream to values and back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmdata/dcxfer.h"
#include "image.hpp"

namespace cdcmtk {

using Codestream = std::vector<uint8_t>;

enum class Codec { rle, jpeg, jpeg_ls, jpeg2000, unknown };

Codec codec_of(const std::string &transfer_syntax);

// Registers DCMTK's codecs, silences its log; once for the process.
void set_up_toolkit();

// The head of a JPEG or JPEG-LS codestream (SOFn, SOF55).
struct JPEGHead {
  uint8_t precision;
  uint32_t rows, columns, components;
};
JPEGHead read_jpeg_head(const Codestream &codestream);

// Each decodes a whole frame to image.count() values, colour interleaved, and throws where the codestream is
// short, damaged or contradicts the image. `photometric` is changed where decoding changes the colour model.
void decode_rle(Codestream codestream, const Image &image, int32_t *values);
void decode_jpeg(Codestream codestream, const Image &image, int32_t *values, std::string &photometric);
void decode_jpeg_ls(Codestream codestream, const Image &image, int32_t *values);
void decode_jpeg2000(
  const Codestream &codestream, const Image &image, int32_t *values, std::string &photometric);

// Each encodes one native little-endian frame, colour interleaved.
Codestream encode_rle(const uint8_t *frame, size_t length, const Image &image);
Codestream encode_jpeg_ls(const uint8_t *frame, size_t length, const Image &image, bool is_lossless);
Codestream encode_jpeg_dct(const uint8_t *frame, const Image &image, uint32_t bits);
Codestream encode_jpeg_lossless(const uint8_t *frame, const Image &image, int prediction);
Codestream encode_jpeg2000(const uint8_t *frame, const Image &image);

}  // namespace cdcmtk

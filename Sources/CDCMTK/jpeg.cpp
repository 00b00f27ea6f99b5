// JPEG (PS3.5 section 8.2.1) through DCMTK's three builds of the IJG library.
#include <cstring>
#include <memory>

#include "codecs.hpp"
#include "failure.hpp"

#include "dcmtk/dcmjpeg/djcparam.h"
#include "dcmtk/dcmjpeg/djdijg12.h"
#include "dcmtk/dcmjpeg/djdijg16.h"
#include "dcmtk/dcmjpeg/djdijg8.h"
#include "dcmtk/dcmjpeg/djeijg12.h"
#include "dcmtk/dcmjpeg/djeijg16.h"
#include "dcmtk/dcmjpeg/djeijg8.h"

namespace cdcmtk {

namespace {

// What lossy JPEG is written with; near the visually lossless end.
constexpr Uint8 quality = 95;

const DJCodecParameter &parameters() {
  static const DJCodecParameter shared(
    ECC_lossyYCbCr, EDC_photometricInterpretation, EUC_never, EPC_colorByPixel);
  return shared;
}

// The IJG library fills what a damaged codestream lacks with grey and merely warns. Such pixels must not be
// read as anatomy, so a warning fails the frame.
template <typename Decoder>
class Strict : public Decoder {
 public:
  explicit Strict(bool is_ybr) : Decoder(parameters(), is_ybr) {}
  void emitMessage(int level) const override { has_warned_ = has_warned_ || level < 0; }
  bool has_warned() const { return has_warned_; }

 private:
  mutable bool has_warned_ = false;
};

template <typename Decoder>
EP_Interpretation decode(Codestream &codestream, std::vector<uint8_t> &cells, bool is_ybr, bool is_signed) {
  Strict<Decoder> decoder(is_ybr);
  check(decoder.init(), CDCMTK_CORRUPT_PIXEL_DATA, "JPEG");
  auto result = decoder.decode(
    codestream.data(), Uint32(codestream.size()), cells.data(), Uint32(cells.size()), is_signed);
  if (result == EJ_Suspension)
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "JPEG: the codestream ends too early");
  check(result, CDCMTK_CORRUPT_PIXEL_DATA, "JPEG");
  if (decoder.has_warned()) throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "JPEG: the codestream is damaged");
  return decoder.getDecompressedColorModel();
}

template <typename Encoder, typename Cell>
Codestream encode(Encoder &encoder, const uint8_t *frame, const Image &image) {
  Uint8 *bytes = nullptr;
  Uint32 length = 0;
  auto interpretation = image.samples == 1 ? EPI_Monochrome2 : EPI_RGB;
  // The library takes a pointer to non-const and doesn't write through it; the copy also aligns the cells.
  std::vector<Cell> cells(image.count());
  std::memcpy(cells.data(), frame, cells.size() * sizeof(Cell));
  auto result = encoder.encode(
    Uint16(image.columns), Uint16(image.rows), interpretation, Uint16(image.samples), cells.data(), bytes,
    length);
  std::unique_ptr<Uint8[]> owned(bytes);
  check(result, CDCMTK_CANNOT_ENCODE, "JPEG");
  return Codestream(bytes, bytes + length);
}

}  // namespace

JPEGHead read_jpeg_head(const Codestream &codestream) {
  size_t at = 2;
  if (codestream.size() < 4 || codestream[0] != 0xff || codestream[1] != 0xd8)
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "no JPEG codestream");
  while (at + 4 <= codestream.size()) {
    if (codestream[at] != 0xff) break;
    auto marker = codestream[at + 1];
    if (marker == 0xff) {
      at += 1;
      continue;
    }
    size_t length = size_t(codestream[at + 2]) << 8 | codestream[at + 3];
    bool is_frame =
      (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) ||
      marker == 0xf7;
    if (is_frame && at + 10 <= codestream.size()) {
      auto word = [&](size_t offset) {
        return uint32_t(codestream[at + offset]) << 8 | codestream[at + offset + 1];
      };
      return {codestream[at + 4], word(5), word(7), codestream[at + 9]};
    }
    if (marker == 0xda) break;
    at += 2 + length;
  }
  throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "JPEG codestream without a frame header");
}

void decode_jpeg(Codestream codestream, const Image &image, int32_t *values, std::string &photometric) {
  auto head = read_jpeg_head(codestream);
  if (head.rows != image.rows || head.columns != image.columns || head.components != image.samples)
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "JPEG codestream of another size than the image");
  if (head.precision < 2 || head.precision > 16)
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "JPEG codestream of impossible precision");
  bool is_ybr = photometric.rfind("YBR", 0) == 0;
  uint32_t width = head.precision > 8 ? 2 : 1;
  std::vector<uint8_t> cells(image.count() * width);
  auto model = head.precision > 12  ? decode<DJDecompressIJG16Bit>(codestream, cells, is_ybr, image.is_signed)
               : head.precision > 8 ? decode<DJDecompressIJG12Bit>(codestream, cells, is_ybr, image.is_signed)
                                    : decode<DJDecompressIJG8Bit>(codestream, cells, is_ybr, image.is_signed);
  if (model == EPI_RGB) photometric = "RGB";
  // A codestream of more bits than are stored holds whole cells.
  uint32_t shift = head.precision > image.bits_stored ? image.high_bit + 1 - image.bits_stored : 0;
  unpack(cells.data(), width, shift, image, values, image.count());
}

Codestream encode_jpeg_dct(const uint8_t *frame, const Image &image, uint32_t bits) {
  if (
    image.samples != 1 || image.is_signed || image.bits_stored > bits ||
    image.high_bit + 1 != image.bits_stored)
    throw Failure(
      CDCMTK_CANNOT_ENCODE, "takes unsigned monochrome of at most " + std::to_string(bits) + " bits");
  if (image.bits_allocated == 8) {
    DJCompressIJG8Bit encoder(parameters(), bits == 8 ? EJM_baseline : EJM_sequential, quality);
    return encode<DJCompressIJG8Bit, Uint8>(encoder, frame, image);
  }
  if (bits == 8) throw Failure(CDCMTK_CANNOT_ENCODE, "takes 8 bits allocated");
  DJCompressIJG12Bit encoder(parameters(), EJM_sequential, quality);
  return encode<DJCompressIJG12Bit, Uint16>(encoder, frame, image);
}

Codestream encode_jpeg_lossless(const uint8_t *frame, const Image &image, int prediction) {
  if (image.bits_allocated == 8) {
    DJCompressIJG8Bit encoder(parameters(), EJM_lossless, prediction, 0);
    return encode<DJCompressIJG8Bit, Uint8>(encoder, frame, image);
  }
  DJCompressIJG16Bit encoder(parameters(), EJM_lossless, prediction, 0);
  return encode<DJCompressIJG16Bit, Uint16>(encoder, frame, image);
}

}  // namespace cdcmtk

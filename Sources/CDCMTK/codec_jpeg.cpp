// JPEG (PS3.5 section 8.2.1) through DCMTK's three builds of the IJG library. Baseline is written by libjpeg-turbo: the
// same bytes by the processor's vectors.
#include <csetjmp>
#include <cstdio>
#include <memory>

#include <jpeglib.h>

#include "codecs.hpp"

#include "dcmtk/dcmjpeg/djcparam.h"
#include "dcmtk/dcmjpeg/djdijg12.h"
#include "dcmtk/dcmjpeg/djdijg16.h"
#include "dcmtk/dcmjpeg/djdijg8.h"
#include "dcmtk/dcmjpeg/djeijg12.h"
#include "dcmtk/dcmjpeg/djeijg8.h"

namespace cdcmtk {

namespace {

// What lossy JPEG is written with; near the visually lossless end.
constexpr Uint8 quality = 95;
// Pictures for the eye, with lines and letters in colour.
constexpr Uint8 colour_quality = 90;

const DJCodecParameter &parameters() {
  static const DJCodecParameter shared(
    ECC_lossyYCbCr, EDC_photometricInterpretation, EUC_never, EPC_colorByPixel);
  return shared;
}

// The IJG library fills what a damaged codestream lacks with grey and merely warns. Such pixels must not be
// read as anatomy, so a warning fails the frame. Only where the mark at the end of the image is the codestream's own
// may bytes lie between the last row and it, which belong to no pixel: then a warning about them is let pass.
template <typename Decoder>
class Strict : public Decoder {
 public:
  Strict(bool is_ybr, bool is_ended, const Bytes &cells, size_t row)
      : Decoder(parameters(), is_ybr), is_ended_(is_ended), cells_(cells), row_(row) {}
  void emitMessage(int level) const override {
    has_warned_ = has_warned_ || (level < 0 && !(is_ended_ && is_out()));
  }
  bool has_warned() const { return has_warned_; }
  bool is_out() const {
    return std::any_of(cells_.end() - ptrdiff_t(row_), cells_.end(), [](auto byte) { return byte != unwritten; });
  }

  static constexpr uint8_t unwritten = 0xa5;

 private:
  bool is_ended_;
  const Bytes &cells_;
  size_t row_;
  mutable bool has_warned_ = false;
};

template <typename Decoder>
bool decode(Bytes &codestream, bool is_ended, Bytes &cells, const cdcmtk_image &image) {
  size_t row = cells.size() / image.rows;
  std::fill(cells.end() - ptrdiff_t(row), cells.end(), Strict<Decoder>::unwritten);
  Strict<Decoder> decoder(image.is_ybr, is_ended, cells, row);
  check(decoder.init(), CDCMTK_CORRUPT_PIXEL_DATA, "JPEG");
  auto result = decoder.decode(
    codestream.data(), Uint32(codestream.size()), cells.data(), Uint32(cells.size()), image.is_signed);
  // An image may be whole though its end is missing or isn't what should stand there.
  if (decoder.is_out() && !decoder.has_warned()) return decoder.getDecompressedColorModel() == EPI_RGB;
  if (result == EJ_Suspension)
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "JPEG: the codestream ends too early");
  check(result, CDCMTK_CORRUPT_PIXEL_DATA, "JPEG");
  if (decoder.has_warned()) throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "JPEG: the codestream is damaged");
  return decoder.getDecompressedColorModel() == EPI_RGB;
}

bool decode(Bytes &codestream, bool is_ended, uint32_t precision, Bytes &cells, const cdcmtk_image &image) {
  if (precision > 12) return decode<DJDecompressIJG16Bit>(codestream, is_ended, cells, image);
  if (precision > 8) return decode<DJDecompressIJG12Bit>(codestream, is_ended, cells, image);
  return decode<DJDecompressIJG8Bit>(codestream, is_ended, cells, image);
}

// Without the mark at its end the library waits for more; with it, it says whether bits are missing or left over.
bool decode_without_end(Bytes codestream, uint32_t precision, Bytes &cells, const cdcmtk_image &image) {
  // A string of zeros is valid in any Huffman code.
  if (is_filled_up({codestream.data(), codestream.size()}))
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "JPEG: the codestream ends in zeros");
  bool may_be_padded = codestream.back() == 0 && codestream[codestream.size() - 2] != 0xff;
  codestream.insert(codestream.end(), {0xff, 0xd9});
  try {
    return decode(codestream, false, precision, cells, image);
  } catch (const Failure &) {
    if (!may_be_padded) throw;
  }
  codestream.erase(codestream.end() - 3);
  return decode(codestream, false, precision, cells, image);
}

// libjpeg jumps out of its failures.
struct BaselineError {
  jpeg_error_mgr manager;
  std::jmp_buf jump;
  char text[JMSG_LENGTH_MAX];

  [[noreturn]] static void leave(j_common_ptr codec) {
    auto *error = reinterpret_cast<BaselineError *>(codec->err);
    codec->err->format_message(codec, error->text);
    std::longjmp(error->jump, 1);
  }
  static void ignore(j_common_ptr) {}
};

// Compresses a frame of 8 bits into `bytes`, of which there are `length`, and says how many it took; false with a text in
// `error` where it can't. Nothing that has a destructor lives here, as it would be jumped over.
bool compress_baseline(
  const uint8_t *frame, const cdcmtk_image &image, BaselineError &error, uint8_t *bytes, unsigned long &length) {
  jpeg_compress_struct codec{};
  codec.err = jpeg_std_error(&error.manager);
  error.manager.error_exit = BaselineError::leave;
  error.manager.output_message = BaselineError::ignore;
  if (setjmp(error.jump)) {
    jpeg_destroy_compress(&codec);
    return false;
  }
  bool is_colour = image.samples_per_pixel == 3;
  jpeg_create_compress(&codec);
  jpeg_mem_dest(&codec, &bytes, &length);
  codec.image_width = image.columns;
  codec.image_height = image.rows;
  codec.input_components = int(image.samples_per_pixel);
  codec.in_color_space = is_colour ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&codec);
  jpeg_set_quality(&codec, is_colour ? colour_quality : quality, TRUE);
  // As much chroma as luminance: lines are thin.
  codec.comp_info[0].h_samp_factor = codec.comp_info[0].v_samp_factor = 1;
  jpeg_start_compress(&codec, TRUE);
  size_t stride = size_t(image.columns) * image.samples_per_pixel;
  while (codec.next_scanline < codec.image_height) {
    // It takes a pointer to non-const and doesn't write through it.
    auto *row = const_cast<JSAMPROW>(frame + codec.next_scanline * stride);
    jpeg_write_scanlines(&codec, &row, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  return true;
}

Bytes encode_baseline(const uint8_t *frame, const cdcmtk_image &image) {
  // Room for twice the samples; noise takes 1.3 times as many bytes at this quality. libjpeg goes on in a buffer of its
  // own where it isn't enough.
  size_t columns = (size_t(image.columns) + 15) / 16 * 16, rows = (size_t(image.rows) + 7) / 8 * 8;
  const unsigned long room = 2 * image.samples_per_pixel * columns * rows + 4096;
  unsigned long length = room;
  std::unique_ptr<uint8_t[]> bytes(new uint8_t[room]);
  BaselineError error{};
  if (!compress_baseline(frame, image, error, bytes.get(), length))
    throw Failure(CDCMTK_CANNOT_ENCODE, std::string("JPEG: ") + error.text);
  if (length > room) throw Failure(CDCMTK_CANNOT_ENCODE, "JPEG: larger than any picture of its size");
  return Bytes(bytes.get(), bytes.get() + length);
}

}  // namespace

JPEGHead read_jpeg_head(const Bytes &codestream, const cdcmtk_image &image) {
  auto corrupt = [](const char *message) { throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, message); };
  if (codestream.size() < 4 || codestream[0] != 0xff || codestream[1] != 0xd8) corrupt("no JPEG codestream");
  JPEGHead head{};
  for (size_t at = 2; at + 10 <= codestream.size() && codestream[at] == 0xff;) {
    auto word = [&](size_t offset) {
      return uint32_t(codestream[at + offset]) << 8 | codestream[at + offset + 1];
    };
    uint8_t marker = codestream[at + 1];
    bool is_frame =
      (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) ||
      marker == 0xf7;
    if (is_frame) head = {marker, codestream[at + 4], word(5), word(7), codestream[at + 9], 0};
    if (marker == 0xda) {
      head.scan = at;
      break;
    }
    at += marker == 0xff ? 1 : 2 + word(2);
  }
  if (head.marker == 0 || head.scan == 0) corrupt("JPEG codestream without a frame header");
  if (
    head.rows != image.rows || head.columns != image.columns || head.components != image.samples_per_pixel)
    corrupt("JPEG codestream of another size than the image");
  if (head.precision < 2 || head.precision > 16) corrupt("JPEG codestream of impossible precision");
  return head;
}

bool decode_jpeg(View source, const cdcmtk_image &image, int32_t *values) {
  Bytes codestream(source.data, source.data + source.size);
  auto head = read_jpeg_head(codestream, image);
  // Encoders of sequential JPEG that leave the spectral selection out have nothing else to say in it.
  auto selection = head.scan + 5 + 2 * size_t(codestream[head.scan + 4]);
  bool is_sequential = head.marker == 0xc0 || head.marker == 0xc1;
  if (is_sequential && selection + 2 < codestream.size()) {
    codestream[selection] = codestream[selection + 2] = 0;
    codestream[selection + 1] = 63;
  }
  static const uint8_t mark[] = {0xff, 0xd9};
  auto scan = codestream.begin() + ptrdiff_t(head.scan);
  bool is_ended = std::search(scan, codestream.end(), mark, mark + 2) != codestream.end();
  uint32_t width = head.precision > 8 ? 2 : 1;
  Bytes cells(count(image) * width);
  bool is_rgb = is_ended ? decode(codestream, true, head.precision, cells, image)
                         : decode_without_end(std::move(codestream), head.precision, cells, image);
  store(cells, width, head.precision, image, values);
  return is_rgb;
}

Bytes encode_jpeg_dct(const uint8_t *frame, const cdcmtk_image &image, uint32_t bits) {
  bool is_whole = image.high_bit + 1 == image.bits_stored && image.bits_stored <= bits;
  bool is_wide = image.bits_allocated == 16;
  bool is_colour = image.samples_per_pixel == 3;
  bool fits = image.samples_per_pixel == 1 || (is_colour && bits == 8 && image.bits_stored == 8);
  if (!fits || image.is_signed || !is_whole || (is_wide && bits == 8))
    throw Failure(
      CDCMTK_CANNOT_ENCODE, "takes unsigned pixels of at most " + std::to_string(bits) + " bits, colour of 8");
  if (bits == 8) return encode_baseline(frame, image);
  // The library takes a pointer to non-const and doesn't write through it; the copy also aligns the cells.
  std::vector<Uint16> cells((count(image) * (is_wide ? 2 : 1) + 1) / 2);
  std::memcpy(cells.data(), frame, count(image) * (is_wide ? 2 : 1));
  Uint8 *bytes = nullptr;
  Uint32 length = 0;
  auto encode = [&](auto &encoder, auto *pixels) {
    return encoder.encode(
      Uint16(image.columns), Uint16(image.rows), EPI_Monochrome2, Uint16(image.samples_per_pixel), pixels, bytes,
      length);
  };
  DJCompressIJG12Bit wide(parameters(), EJM_sequential, quality);
  DJCompressIJG8Bit narrow(parameters(), EJM_sequential, quality);
  auto result = is_wide ? encode(wide, cells.data()) : encode(narrow, reinterpret_cast<Uint8 *>(cells.data()));
  std::unique_ptr<Uint8[]> owned(bytes);
  check(result, CDCMTK_CANNOT_ENCODE, "JPEG");
  return Bytes(bytes, bytes + length);
}

}  // namespace cdcmtk

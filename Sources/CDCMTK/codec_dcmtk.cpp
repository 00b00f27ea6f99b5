// What DCMTK's own codecs need: their registration, an image of attributes; JPEG-LS (PS3.5 section 8.2.3) and
// RLE (annex G).
#include <memory>

#include "codecs.hpp"

#include "dcmtk/dcmdata/dccodec.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcobject.h"
#include "dcmtk/dcmdata/dcpixseq.h"
#include "dcmtk/dcmdata/dcpxitem.h"
#include "dcmtk/dcmdata/dcrledec.h"
#include "dcmtk/dcmdata/dcrleerg.h"
#include "dcmtk/dcmjpeg/djencode.h"
#include "dcmtk/dcmjpls/djdecode.h"
#include "dcmtk/dcmjpls/djencode.h"
#include "dcmtk/oflog/oflog.h"

namespace cdcmtk {

namespace {

void decode_registered(const Bytes &codestream, const cdcmtk_image &image, Bytes &cells) {
  Bytes padded(codestream);
  if (padded.size() & 1) padded.push_back(0);
  DcmPixelSequence sequence{DcmTag(DCM_PixelSequenceTag)};
  sequence.insert(new DcmPixelItem(DcmTag(DCM_PixelItemTag)));
  auto *item = new DcmPixelItem(DcmTag(DCM_PixelItemTag));
  sequence.insert(item);
  check(item->putUint8Array(padded.data(), padded.size()), CDCMTK_CORRUPT_PIXEL_DATA, "JPEG-LS");
  DcmDataset data_set;
  write_image(image, data_set);
  Uint32 first_fragment = 1;
  OFString colour_model;
  check(
    DcmCodecList::decodeFrame(
      DcmXfer(EXS_JPEGLSLossless), nullptr, &sequence, &data_set, 0, first_fragment, cells.data(),
      Uint32(cells.size()), colour_model),
    CDCMTK_CORRUPT_PIXEL_DATA, "JPEG-LS");
}

// DCMTK's CharLS derives wrong thresholds below eight bits (ISO 14495-1 section C.2.4.1.1); said explicitly,
// they are right.
Bytes with_thresholds(const Bytes &codestream, const JPEGHead &head) {
  int largest = (1 << head.precision) - 1, factor = 256 / (largest + 1);
  int near = codestream.at(head.scan + 5 + 2 * size_t(codestream.at(head.scan + 4)));
  auto clamped = [&](int value, int least) { return value < least || value > largest ? least : value; };
  int first = clamped(std::max(2, 3 / factor + 3 * near), near + 1);
  int second = clamped(std::max(3, 7 / factor + 5 * near), first);
  int third = clamped(std::max(4, 21 / factor + 7 * near), second);
  Bytes segment{0xff, 0xf8, 0, 13, 1};
  for (int value : {largest, first, second, third, 64}) {
    segment.push_back(uint8_t(value >> 8));
    segment.push_back(uint8_t(value));
  }
  Bytes complete(codestream);
  complete.insert(complete.begin() + ptrdiff_t(head.scan), segment.begin(), segment.end());
  return complete;
}

// Unpacks one segment into a byte of every cell.
void unpack_segment(View segment, DcmRLEDecoder &decoder, size_t pixels) {
  decoder.clear();
  auto *bytes = const_cast<uint8_t *>(segment.data);
  OFCondition result = EC_Normal;
  // DCMTK takes the control byte 128 for a run, which by the standard is nothing: it gets what lies between.
  for (size_t begin = 0, at = 0; begin < segment.size && decoder.size() < pixels && result.good();) {
    while (at < segment.size && bytes[at] != 128) at += bytes[at] > 128 ? 2 : size_t(bytes[at]) + 2;
    auto end = std::min(at, segment.size);
    result = decoder.decompress(bytes + begin, end - begin);
    begin = at = end + 1;
  }
  if (decoder.size() < pixels) throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "RLE: a segment ends too early");
}

}  // namespace

void set_up_toolkit() {
  static const bool is_set_up = [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    // A value that an older writer marked UN is read as what the dictionary says it is.
    dcmEnableUnknownVRConversion.set(OFTrue);
    dcmReplaceWrongDelimitationItem.set(OFTrue);
    dcmConvertUndefinedLengthOBOWtoSQ.set(OFTrue);
    dcmConvertVOILUTSequenceOWtoSQ.set(OFTrue);
    DcmRLEEncoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
    // "Cooked" encoding would pass the pixels through LUTs first.
    DJLSEncoderRegistration::registerCodecs(0, 0, 0, 0, OFFalse);
    DJEncoderRegistration::registerCodecs(ECC_lossyYCbCr, EUC_never);
    return true;
  }();
  (void)is_set_up;
}

void store(
  const Bytes &cells, uint32_t width, uint32_t precision, const cdcmtk_image &shared, int32_t *values) {
  const auto image = shared;  // what nothing else can point to stays in registers
  // Cells of a signed lossy image are clipped as what they are.
  bool is_narrow = precision > image.bits_stored && image.is_lossy && image.is_signed;
  auto fill = [&](auto cell) {
    for (size_t i = 0, end = count(image); i < end; ++i) {
      std::memcpy(&cell, &cells[i * sizeof cell], sizeof cell);
      int64_t value = cell;
      if (is_narrow && value >> (precision - 1) & 1) value -= int64_t(1) << precision;
      values[i] = stored_value(value, precision, is_narrow, image);
    }
  };
  switch (width) {
    case 1: return fill(uint8_t());
    case 2: return fill(uint16_t());
    case 4: return fill(uint32_t());
    default: throw Failure(CDCMTK_UNSUPPORTED_PIXELS, "unsupported cell size");
  }
}

void decode_jpeg_ls(View source, const cdcmtk_image &image, int32_t *values) {
  Bytes codestream(source.data, source.data + source.size);
  auto head = read_jpeg_head(codestream, image);
  // As in JPEG, zeros decode to something; DCMTK doesn't look for the mark at the end.
  static const uint8_t mark[] = {0xff, 0xd9};
  auto first = codestream.begin() + ptrdiff_t(head.scan);
  if (is_filled_up(source) && std::search(first, codestream.end(), mark, mark + 2) == codestream.end())
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "JPEG-LS: the codestream ends in zeros");
  // DCMTK chooses the width of its cells by Bits Allocated; what counts is the codestream.
  auto coded = image;
  coded.bits_allocated = head.precision > 8 ? 16 : 8;
  coded.bits_stored = std::min(image.bits_stored, coded.bits_allocated);
  coded.high_bit = coded.bits_stored - 1;
  uint32_t width = coded.bits_allocated / 8;
  Bytes cells(count(image) * width);
  static const uint8_t presets[] = {0xff, 0xf8};
  auto scan = codestream.begin() + ptrdiff_t(head.scan);
  bool has_presets = std::search(codestream.begin(), scan, presets, presets + 2) != scan;
  decode_registered(
    head.precision < 8 && !has_presets ? with_thresholds(codestream, head) : codestream, coded, cells);
  store(cells, width, head.precision, image, values);
}

void decode_rle(View codestream, const cdcmtk_image &image, int32_t *values) {
  constexpr size_t header_size = 64;
  size_t width = image.bits_allocated / 8, pixels = size_t(image.rows) * image.columns;
  size_t segments = width * image.samples_per_pixel;
  if (segments == 0) throw Failure(CDCMTK_UNSUPPORTED_PIXELS, "RLE of single bits is not supported");
  if (codestream.size < header_size || little_endian_32(codestream.data) != segments)
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "RLE: the header contradicts the image");
  Bytes cells(pixels * segments);
  DcmRLEDecoder decoder(pixels);
  if (decoder.fail()) throw std::bad_alloc();
  for (size_t segment = 0; segment < segments; ++segment) {
    auto offset = [&](size_t index) {
      return index < segments ? size_t(little_endian_32(codestream.data + 4 + 4 * index)) : codestream.size;
    };
    size_t begin = offset(segment), end = offset(segment + 1);
    if (begin < header_size || begin > end || end > codestream.size)
      throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "RLE: a segment lies outside of the frame");
    unpack_segment({codestream.data + begin, end - begin}, decoder, pixels);
    // Segments come sample by sample, the most significant byte first.
    size_t plane = segment / width * width + (width - 1 - segment % width);
    auto *plain = static_cast<const uint8_t *>(decoder.getOutputBuffer());
    for (size_t i = 0; i < pixels; ++i) cells[i * segments + plane] = plain[i];
  }
  store(cells, uint32_t(width), image.bits_allocated, image, values);
}

cdcmtk_image read_image(DcmItem &data_set) {
  auto number = [&](const DcmTagKey &tag, uint32_t otherwise) {
    Uint16 value = 0;
    return data_set.findAndGetUint16(tag, value).good() ? value : otherwise;
  };
  cdcmtk_image image{};
  image.rows = number(DCM_Rows, 0);
  image.columns = number(DCM_Columns, 0);
  image.samples_per_pixel = number(DCM_SamplesPerPixel, 1);
  image.bits_allocated = number(DCM_BitsAllocated, 0);
  image.bits_stored = number(DCM_BitsStored, image.bits_allocated);
  image.high_bit = number(DCM_HighBit, image.bits_stored - 1);
  image.is_signed = number(DCM_PixelRepresentation, 0) == 1;
  return image;
}

void write_image(const cdcmtk_image &image, DcmItem &data_set) {
  auto put = [&](const DcmTagKey &tag, uint32_t value) {
    check(data_set.putAndInsertUint16(tag, Uint16(value)), CDCMTK_INVALID_IMAGE, "image attributes");
  };
  put(DCM_SamplesPerPixel, image.samples_per_pixel);
  put(DCM_Rows, image.rows);
  put(DCM_Columns, image.columns);
  put(DCM_BitsAllocated, image.bits_allocated);
  put(DCM_BitsStored, image.bits_stored);
  put(DCM_HighBit, image.high_bit);
  put(DCM_PixelRepresentation, image.is_signed ? 1 : 0);
  if (image.samples_per_pixel > 1) put(DCM_PlanarConfiguration, 0);
  const char *photometric = image.samples_per_pixel == 1 ? "MONOCHROME2" : "RGB";
  check(
    data_set.putAndInsertString(DCM_PhotometricInterpretation, photometric), CDCMTK_INVALID_IMAGE,
    "image attributes");
}

}  // namespace cdcmtk

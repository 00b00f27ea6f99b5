// JPEG-LS (PS3.5 section 8.2.3) and RLE encoding (annex G) through DCMTK's codec list.
#include <algorithm>
#include <memory>

#include "codecs.hpp"
#include "failure.hpp"

#include "dcmtk/dcmdata/dccodec.h"
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcpixel.h"
#include "dcmtk/dcmdata/dcpixseq.h"
#include "dcmtk/dcmdata/dcpxitem.h"
#include "dcmtk/dcmdata/dcrleerg.h"
#include "dcmtk/dcmdata/dcrlerp.h"
#include "dcmtk/dcmjpls/djdecode.h"
#include "dcmtk/dcmjpls/djencode.h"
#include "dcmtk/dcmjpls/djrparam.h"
#include "dcmtk/oflog/oflog.h"

namespace cdcmtk {

namespace {

// Largest deviation of near-lossless JPEG-LS in grey levels.
constexpr Uint16 near_deviation = 2;

void decode_registered(Codestream codestream, const Image &image, std::vector<uint8_t> &cells) {
  if (codestream.size() & 1) codestream.push_back(0);
  auto sequence = std::make_unique<DcmPixelSequence>(DcmTag(DCM_PixelSequenceTag));
  sequence->insert(new DcmPixelItem(DcmTag(DCM_PixelItemTag)));
  auto *item = new DcmPixelItem(DcmTag(DCM_PixelItemTag));
  sequence->insert(item);
  check(
    item->putUint8Array(codestream.data(), codestream.size()), CDCMTK_CORRUPT_PIXEL_DATA, "compressed frame");
  DcmDataset data_set;
  write_image(image, data_set);
  Uint32 first_fragment = 1;
  OFString colour_model;
  check(
    DcmCodecList::decodeFrame(
      DcmXfer(EXS_JPEGLSLossless), nullptr, sequence.get(), &data_set, 0, first_fragment, cells.data(),
      Uint32(cells.size()), colour_model),
    CDCMTK_CORRUPT_PIXEL_DATA, "JPEG-LS");
}

Codestream encode_registered(
  const uint8_t *frame, size_t length, const Image &image, E_TransferSyntax transfer_syntax,
  const DcmRepresentationParameter *parameter) {
  DcmDataset data_set;
  write_image(image, data_set);
  std::unique_ptr<DcmPixelData> native(new DcmPixelData(DcmTag(DCM_PixelData)));
  if (image.bits_allocated == 8) {
    std::vector<Uint8> bytes(frame, frame + length);
    if (length & 1) bytes.push_back(0);
    native->setVR(EVR_OB);
    check(native->putUint8Array(bytes.data(), bytes.size()), CDCMTK_CANNOT_ENCODE, "pixels");
  } else {
    native->setVR(EVR_OW);
    check(
      native->putUint16Array(reinterpret_cast<const Uint16 *>(frame), length / 2), CDCMTK_CANNOT_ENCODE,
      "pixels");
  }
  check(data_set.insert(native.get()), CDCMTK_CANNOT_ENCODE, "pixels");
  auto *pixels = native.release();
  check(data_set.chooseRepresentation(transfer_syntax, parameter), CDCMTK_CANNOT_ENCODE, "encoding");
  DcmPixelSequence *sequence = nullptr;
  check(
    pixels->getEncapsulatedRepresentation(transfer_syntax, parameter, sequence), CDCMTK_CANNOT_ENCODE,
    "encoding");
  Codestream codestream;
  for (unsigned long i = 1; i < sequence->card(); ++i) {
    DcmPixelItem *item = nullptr;
    Uint8 *bytes = nullptr;
    check(sequence->getItem(item, i), CDCMTK_CANNOT_ENCODE, "encoding");
    check(item->getUint8Array(bytes), CDCMTK_CANNOT_ENCODE, "encoding");
    codestream.insert(codestream.end(), bytes, bytes + item->getLength());
  }
  return codestream;
}

}  // namespace

void set_up_toolkit() {
  static const bool is_set_up = [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    // A value that an older writer marked UN is read as what the dictionary says it is.
    dcmEnableUnknownVRConversion.set(OFTrue);
    DcmRLEEncoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
    // "Cooked" encoding would pass the pixels through LUTs first.
    DJLSEncoderRegistration::registerCodecs(0, 0, 0, 0, OFFalse);
    return true;
  }();
  (void)is_set_up;
}

void decode_jpeg_ls(Codestream codestream, const Image &image, int32_t *values) {
  auto head = read_jpeg_head(codestream);
  if (head.rows != image.rows || head.columns != image.columns || head.components != image.samples)
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "JPEG-LS codestream of another size than the image");
  // DCMTK chooses the width of its cells by Bits Allocated; what counts is the codestream.
  Image coded = image;
  coded.planar_configuration = 0;
  coded.bits_allocated = head.precision > 8 ? 16 : 8;
  coded.bits_stored = std::min(image.bits_stored, coded.bits_allocated);
  coded.high_bit = coded.bits_stored - 1;
  uint32_t width = coded.bits_allocated / 8;
  std::vector<uint8_t> cells(image.count() * width);
  decode_registered(std::move(codestream), coded, cells);
  uint32_t shift = head.precision > image.bits_stored ? image.high_bit + 1 - image.bits_stored : 0;
  unpack(cells.data(), width, shift, image, values, image.count());
}

Codestream encode_rle(const uint8_t *frame, size_t length, const Image &image) {
  DcmRLERepresentationParameter parameter;
  return encode_registered(frame, length, image, EXS_RLELossless, &parameter);
}

Codestream encode_jpeg_ls(const uint8_t *frame, size_t length, const Image &image, bool is_lossless) {
  if (!is_lossless && image.is_signed)
    throw Failure(CDCMTK_CANNOT_ENCODE, "near-lossless JPEG-LS takes unsigned pixels");
  DJLSRepresentationParameter parameter(is_lossless ? 0 : near_deviation, is_lossless);
  return encode_registered(
    frame, length, image, is_lossless ? EXS_JPEGLSLossless : EXS_JPEGLSLossy, &parameter);
}

}  // namespace cdcmtk

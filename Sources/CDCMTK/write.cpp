#include "write.hpp"

#include <cstring>
#include <memory>
#include <vector>

#include "codecs.hpp"
#include "durable_file.hpp"
#include "failure.hpp"
#include "flat.hpp"

#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcfilefo.h"
#include "dcmtk/dcmdata/dcmetinf.h"
#include "dcmtk/dcmdata/dcpixel.h"
#include "dcmtk/dcmdata/dcpixseq.h"
#include "dcmtk/dcmdata/dcpxitem.h"
#include "dcmtk/dcmdata/dcuid.h"
#include "dcmtk/dcmdata/dcwcache.h"

namespace cdcmtk {

namespace {

Codestream encode(const uint8_t *frame, size_t length, const Image &image, E_TransferSyntax transfer_syntax) {
  switch (transfer_syntax) {
    case EXS_RLELossless: return encode_rle(frame, length, image);
    case EXS_JPEGProcess1: return encode_jpeg_dct(frame, image, 8);
    case EXS_JPEGProcess2_4: return encode_jpeg_dct(frame, image, 12);
    case EXS_JPEGProcess14: return encode_jpeg_lossless(frame, image, 6);
    case EXS_JPEGProcess14SV1: return encode_jpeg_lossless(frame, image, 1);
    case EXS_JPEGLSLossless: return encode_jpeg_ls(frame, length, image, true);
    case EXS_JPEGLSLossy: return encode_jpeg_ls(frame, length, image, false);
    case EXS_JPEG2000LosslessOnly: return encode_jpeg2000(frame, image);
    default: throw Failure(CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX, "no encoder for this transfer syntax");
  }
}

void insert(DcmDataset &data_set, std::unique_ptr<DcmPixelData> element) {
  check(data_set.insert(element.get(), OFTrue), CDCMTK_CANNOT_WRITE, "pixel data");
  element.release();
}

void insert_native(DcmDataset &data_set, const Image &image, const uint8_t *pixels, size_t length) {
  auto element = std::make_unique<DcmPixelData>(DcmTag(DCM_PixelData));
  if (image.bits_allocated == 16) {
    std::vector<Uint16> words(length / 2);
    std::memcpy(words.data(), pixels, words.size() * 2);
    element->setVR(EVR_OW);
    check(element->putUint16Array(words.data(), words.size()), CDCMTK_CANNOT_WRITE, "pixel data");
  } else {
    std::vector<Uint8> bytes(pixels, pixels + length);
    if (length & 1) bytes.push_back(0);
    element->setVR(EVR_OB);
    check(element->putUint8Array(bytes.data(), bytes.size()), CDCMTK_CANNOT_WRITE, "pixel data");
  }
  insert(data_set, std::move(element));
}

// What PS3.3 section C.7.6.1.1.5 wants said about a lossy image.
void declare_lossy(DcmDataset &data_set, double ratio, const char *method) {
  char text[17];
  std::snprintf(text, sizeof text, "%.2f", ratio);
  OFString ratios, methods;
  data_set.findAndGetOFStringArray(DCM_LossyImageCompressionRatio, ratios);
  data_set.findAndGetOFStringArray(DCM_LossyImageCompressionMethod, methods);
  ratios += (ratios.empty() ? "" : "\\") + OFString(text);
  methods += (methods.empty() ? "" : "\\") + OFString(method);
  auto put = [&](const DcmTagKey &tag, const OFString &value) {
    check(data_set.putAndInsertOFStringArray(tag, value), CDCMTK_CANNOT_WRITE, "lossy compression");
  };
  put(DCM_LossyImageCompression, "01");
  put(DCM_LossyImageCompressionRatio, ratios);
  put(DCM_LossyImageCompressionMethod, methods);
}

void insert_encapsulated(
  DcmDataset &data_set, const Image &image, E_TransferSyntax transfer_syntax, const uint8_t *pixels,
  size_t length) {
  if (image.bits_allocated != 8 && image.bits_allocated != 16)
    throw Failure(CDCMTK_CANNOT_ENCODE, "only 8 or 16 bits allocated can be compressed");
  if (image.samples > 1 && image.planar_configuration != 0)
    throw Failure(CDCMTK_CANNOT_ENCODE, "colour must be by pixel");
  size_t frame_length = length / image.frames;
  auto sequence = std::make_unique<DcmPixelSequence>(DcmTag(DCM_PixelSequenceTag));
  auto *table = new DcmPixelItem(DcmTag(DCM_PixelItemTag));
  check(sequence->insert(table), CDCMTK_CANNOT_WRITE, "pixel data");
  DcmOffsetList offsets;
  size_t compressed = 0;
  for (uint32_t i = 0; i < image.frames; ++i) {
    auto codestream = encode(pixels + i * frame_length, frame_length, image, transfer_syntax);
    compressed += codestream.size();
    if (codestream.size() & 1) codestream.push_back(0);
    check(
      sequence->storeCompressedFrame(offsets, codestream.data(), Uint32(codestream.size()), 0),
      CDCMTK_CANNOT_WRITE, "pixel data");
  }
  check(table->createOffsetTable(offsets), CDCMTK_CANNOT_WRITE, "pixel data");
  auto element = std::make_unique<DcmPixelData>(DcmTag(DCM_PixelData));
  element->putOriginalRepresentation(transfer_syntax, nullptr, sequence.release());
  insert(data_set, std::move(element));
  double ratio = double(length) / double(compressed);
  if (transfer_syntax == EXS_JPEGProcess1 || transfer_syntax == EXS_JPEGProcess2_4)
    declare_lossy(data_set, ratio, "ISO_10918_1");
  if (transfer_syntax == EXS_JPEGLSLossy) declare_lossy(data_set, ratio, "ISO_14495_1");
  // The encoder applies the reversible multiple component transformation.
  if (transfer_syntax == EXS_JPEG2000LosslessOnly && image.samples == 3)
    check(
      data_set.putAndInsertString(DCM_PhotometricInterpretation, "YBR_RCT"), CDCMTK_CANNOT_WRITE,
      "pixel data");
}

void insert_pixels(
  DcmDataset &data_set, const DcmXfer &transfer_syntax, const uint8_t *pixels, size_t length) {
  auto image = read_image(data_set);
  validate(image);
  auto needed = (native_bits(image, image.frames) + 7) / 8;
  if (length != needed)
    throw Failure(
      CDCMTK_INVALID_IMAGE, "the data set declares " + std::to_string(needed) +
                              " bytes of pixels, given are " + std::to_string(length));
  if (transfer_syntax.isEncapsulated()) {
    insert_encapsulated(data_set, image, transfer_syntax.getXfer(), pixels, length);
  } else {
    insert_native(data_set, image, pixels, length);
  }
}

}  // namespace

void write_file(
  const std::string &path, const std::string &transfer_syntax, const Implementation &implementation,
  const uint8_t *elements, size_t elements_length, const uint8_t *pixels, size_t pixels_length) {
  DcmXfer xfer(transfer_syntax.c_str());
  if (xfer.getXfer() == EXS_Unknown)
    throw Failure(CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX, "no encoder for this transfer syntax");
  DcmFileFormat file;
  auto &data_set = *file.getDataset();
  unflatten(elements, elements_length, data_set);
  if (pixels != nullptr) insert_pixels(data_set, xfer, pixels, pixels_length);

  check(
    file.validateMetaInfo(xfer.getXfer(), EWM_createNewMeta), CDCMTK_CANNOT_WRITE, "file meta information");
  auto &meta = *file.getMetaInfo();
  check(
    meta.putAndInsertString(DCM_ImplementationClassUID, implementation.class_uid.c_str()),
    CDCMTK_CANNOT_WRITE, "file meta information");
  check(
    meta.putAndInsertString(DCM_ImplementationVersionName, implementation.version.c_str()),
    CDCMTK_CANNOT_WRITE, "file meta information");
  check(
    meta.computeGroupLengthAndPadding(
      EGL_recalcGL, EPD_noChange, EXS_LittleEndianExplicit, EET_ExplicitLength, 0, 0, 0),
    CDCMTK_CANNOT_WRITE, "file meta information");

  DurableFile durable(path);
  DurableStream stream(durable);
  DcmWriteCache cache;
  file.transferInit();
  auto result = file.write(
    stream, xfer.getXfer(), EET_ExplicitLength, &cache, EGL_withoutGL, EPD_withoutPadding, 0, 0, 0,
    EWM_dontUpdateMeta);
  file.transferEnd();
  stream.flush();
  if (durable.good()) check(result, CDCMTK_CANNOT_WRITE, "writing");
  durable.commit();
}

}  // namespace cdcmtk

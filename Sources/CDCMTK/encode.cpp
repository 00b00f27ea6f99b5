#include "encode.hpp"

#include <algorithm>
#include <memory>

#include "codecs.hpp"
#include "output.hpp"

#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcfilefo.h"
#include "dcmtk/dcmdata/dcmetinf.h"
#include "dcmtk/dcmdata/dcpixel.h"
#include "dcmtk/dcmdata/dcpixseq.h"
#include "dcmtk/dcmdata/dcpxitem.h"
#include "dcmtk/dcmdata/dcrlerp.h"
#include "dcmtk/dcmdata/dcwcache.h"
#include "dcmtk/dcmjpeg/djrploss.h"
#include "dcmtk/dcmjpeg/djrplol.h"
#include "dcmtk/dcmjpls/djrparam.h"

namespace cdcmtk {

namespace {

// Largest deviation of near-lossless JPEG-LS in grey levels.
constexpr Uint16 near_deviation = 2;

// What DCMTK has no codec for, or one that changes the values first.
Bytes encode_frame(const uint8_t *frame, const cdcmtk_image &image, E_TransferSyntax transfer_syntax) {
  switch (transfer_syntax) {
    case EXS_JPEGProcess1: return encode_jpeg_dct(frame, image, 8);
    case EXS_JPEGProcess2_4: return encode_jpeg_dct(frame, image, 12);
    case EXS_JPEG2000LosslessOnly: return encode_jpeg2000(frame, image);
    default: throw Failure(CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX, "no encoder for this transfer syntax");
  }
}

void put(DcmItem &item, const DcmTagKey &tag, const OFString &value) {
  check(item.putAndInsertOFStringArray(tag, value), CDCMTK_CANNOT_ENCODE, tag.toString().c_str());
}

size_t value_count(const OFString &values) {
  return values.empty() ? 0 : 1 + size_t(std::count(values.begin(), values.end(), '\\'));
}

// What PS3.3 section C.7.6.1.1.5 wants said about a lossy image. Ratios and methods of successive steps correspond: one
// that an earlier step didn't state is left empty.
void declare_lossy(DcmDataset &data_set, double ratio) {
  char text[17];
  std::snprintf(text, sizeof text, "%.2f", ratio);
  OFString ratios, methods;
  data_set.findAndGetOFStringArray(DCM_LossyImageCompressionRatio, ratios);
  data_set.findAndGetOFStringArray(DCM_LossyImageCompressionMethod, methods);
  size_t steps = std::max(value_count(ratios), value_count(methods));
  auto append = [steps](OFString &values, const char *value) {
    for (size_t count = value_count(values); count < steps; ++count)
      if (count > 0) values += "\\";
    values += OFString(steps > 0 ? "\\" : "") + value;
  };
  append(ratios, text);
  append(methods, "ISO_10918_1");
  put(data_set, DCM_LossyImageCompression, "01");
  put(data_set, DCM_LossyImageCompressionRatio, ratios);
  put(data_set, DCM_LossyImageCompressionMethod, methods);
}

void encode_frames(DcmDataset &data_set, const cdcmtk_image &image, E_TransferSyntax transfer_syntax) {
  const Uint8 *pixels = nullptr;
  unsigned long words = 0;
  const Uint16 *pairs = nullptr;
  if (image.bits_allocated == 16) {
    check(data_set.findAndGetUint16Array(DCM_PixelData, pairs, &words), CDCMTK_CANNOT_ENCODE, "pixel data");
    pixels = reinterpret_cast<const Uint8 *>(pairs);
  } else {
    check(data_set.findAndGetUint8Array(DCM_PixelData, pixels), CDCMTK_CANNOT_ENCODE, "pixel data");
  }
  Sint32 frames = 1;
  if (data_set.findAndGetSint32(DCM_NumberOfFrames, frames).bad()) frames = 1;
  size_t frame_length = count(image) * image.bits_allocated / 8, compressed = 0;
  auto sequence = std::make_unique<DcmPixelSequence>(DcmTag(DCM_PixelSequenceTag));
  auto *table = new DcmPixelItem(DcmTag(DCM_PixelItemTag));
  check(sequence->insert(table), CDCMTK_CANNOT_ENCODE, "pixel data");
  DcmOffsetList offsets;
  for (Sint32 i = 0; i < frames; ++i) {
    auto codestream = encode_frame(pixels + size_t(i) * frame_length, image, transfer_syntax);
    compressed += codestream.size();
    if (codestream.size() & 1) codestream.push_back(0);
    check(
      sequence->storeCompressedFrame(offsets, codestream.data(), Uint32(codestream.size()), 0),
      CDCMTK_CANNOT_ENCODE, "pixel data");
  }
  check(table->createOffsetTable(offsets), CDCMTK_CANNOT_ENCODE, "pixel data");
  auto element = std::make_unique<DcmPixelData>(DcmTag(DCM_PixelData));
  element->putOriginalRepresentation(transfer_syntax, nullptr, sequence.release());
  check(data_set.insert(element.get(), OFTrue), CDCMTK_CANNOT_ENCODE, "pixel data");
  element.release();
  if (transfer_syntax != EXS_JPEG2000LosslessOnly) {
    declare_lossy(data_set, double(frame_length) * frames / double(compressed));
    // The encoder turns colour into YCbCr, which has this name here whatever the codestream's sampling (PS3.5 section 8.2.1).
    if (image.samples_per_pixel == 3) put(data_set, DCM_PhotometricInterpretation, "YBR_FULL_422");
  }
  // The encoder applies the reversible multiple component transformation.
  else if (image.samples_per_pixel == 3) put(data_set, DCM_PhotometricInterpretation, "YBR_RCT");
}

void compress(DcmDataset &data_set, E_TransferSyntax transfer_syntax) {
  auto image = read_image(data_set);
  if (image.bits_allocated != 8 && image.bits_allocated != 16)
    throw Failure(CDCMTK_CANNOT_ENCODE, "only 8 or 16 bits allocated can be compressed");
  auto choose = [&](const DcmRepresentationParameter &parameter) {
    check(data_set.chooseRepresentation(transfer_syntax, &parameter), CDCMTK_CANNOT_ENCODE, "encoding");
  };
  switch (transfer_syntax) {
    case EXS_RLELossless: return choose(DcmRLERepresentationParameter());
    case EXS_JPEGProcess14: return choose(DJ_RPLossless(6, 0));
    case EXS_JPEGProcess14SV1: return choose(DJ_RPLossless(1, 0));
    case EXS_JPEGLSLossless: return choose(DJLSRepresentationParameter(0, OFTrue));
    case EXS_JPEGLSLossy:
      if (image.is_signed) throw Failure(CDCMTK_CANNOT_ENCODE, "near-lossless JPEG-LS takes unsigned pixels");
      return choose(DJLSRepresentationParameter(near_deviation, OFFalse));
    default: return encode_frames(data_set, image, transfer_syntax);
  }
}

}  // namespace

Bytes encode_file(View elements, const char *transfer_syntax, const Implementation &implementation) {
  DcmXfer xfer(transfer_syntax);
  if (xfer.getXfer() == EXS_Unknown)
    throw Failure(CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX, "no encoder for this transfer syntax");
  DcmFileFormat file;
  auto &data_set = *file.getDataset();
  MemoryStream input(elements);
  data_set.transferInit();
  check(
    data_set.read(input, EXS_LittleEndianExplicit, EGL_noChange, DCM_MaxReadLength), CDCMTK_CANNOT_ENCODE,
    "data set");
  data_set.transferEnd();
  if (xfer.isEncapsulated() && data_set.tagExists(DCM_PixelData)) compress(data_set, xfer.getXfer());

  check(file.validateMetaInfo(xfer.getXfer(), EWM_createNewMeta), CDCMTK_CANNOT_ENCODE, "file meta information");
  auto &meta = *file.getMetaInfo();
  put(meta, DCM_ImplementationClassUID, implementation.class_uid);
  put(meta, DCM_ImplementationVersionName, implementation.version);
  check(
    meta.computeGroupLengthAndPadding(
      EGL_recalcGL, EPD_noChange, EXS_LittleEndianExplicit, EET_ExplicitLength, 0, 0, 0),
    CDCMTK_CANNOT_ENCODE, "file meta information");
  MemoryConsumer consumer;
  MemoryOutput output(consumer);
  DcmWriteCache cache;
  file.transferInit();
  check(
    file.write(
      output, xfer.getXfer(), EET_ExplicitLength, &cache, EGL_withoutGL, EPD_withoutPadding, 0, 0, 0,
      EWM_dontUpdateMeta),
    CDCMTK_CANNOT_ENCODE, "writing");
  output.flush();
  file.transferEnd();
  return std::move(consumer.bytes);
}

}  // namespace cdcmtk

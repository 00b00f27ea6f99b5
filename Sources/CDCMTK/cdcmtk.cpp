// The C ABI: every entry sets up the toolkit and catches everything.
#include "cdcmtk.h"

#include "codecs.hpp"
#include "encode.hpp"
#include "file.hpp"

#include "dcmtk/dcmdata/dctag.h"
#include "dcmtk/dcmdata/dcvr.h"

using namespace cdcmtk;

struct cdcmtk_encoding {
  Bytes bytes;
};

cdcmtk_file *cdcmtk_file_create(
  const uint8_t *bytes, size_t length, bool is_whole, bool header_only, cdcmtk_status *status) {
  cdcmtk_file *file = nullptr;
  guarded(status, CDCMTK_CORRUPT, [&] {
    set_up_toolkit();
    file = new cdcmtk_file({bytes, length}, is_whole, header_only);
  });
  return file;
}

void cdcmtk_file_destroy(cdcmtk_file *file) { delete file; }

cdcmtk_contents cdcmtk_file_contents(const cdcmtk_file *file) { return file->contents(); }

void cdcmtk_decode(
  cdcmtk_codec codec, const uint8_t *codestream, size_t length, const cdcmtk_image *image, int32_t *pixels,
  size_t count, bool *is_rgb, cdcmtk_status *status) {
  *is_rgb = false;
  guarded(status, CDCMTK_CORRUPT_PIXEL_DATA, [&] {
    set_up_toolkit();
    if (image->bits_allocated == 0 || image->bits_allocated > 32 || image->bits_stored == 0
      || image->bits_stored > image->bits_allocated || image->high_bit >= image->bits_allocated
      || image->high_bit + 1 < image->bits_stored)
      throw Failure(CDCMTK_INVALID_IMAGE, "bits that contradict each other");
    if (count != cdcmtk::count(*image))
      throw Failure(CDCMTK_INVALID_IMAGE, "buffer of another size than the frame");
    View source{codestream, length};
    switch (codec) {
      case CDCMTK_RLE: return decode_rle(source, *image, pixels);
      case CDCMTK_JPEG: *is_rgb = decode_jpeg(source, *image, pixels); return;
      case CDCMTK_JPEG_LS: return decode_jpeg_ls(source, *image, pixels);
      case CDCMTK_JPEG_2000: return decode_jpeg2000(source, *image, pixels);
    }
  });
}

cdcmtk_encoding *cdcmtk_encoding_create(
  const uint8_t *elements, size_t length, const char *transfer_syntax, const char *implementation_class_uid,
  const char *implementation_version, cdcmtk_status *status) {
  cdcmtk_encoding *encoding = nullptr;
  guarded(status, CDCMTK_CANNOT_ENCODE, [&] {
    set_up_toolkit();
    encoding = new cdcmtk_encoding{
      encode_file({elements, length}, transfer_syntax, {implementation_class_uid, implementation_version})};
  });
  return encoding;
}

void cdcmtk_encoding_destroy(cdcmtk_encoding *encoding) { delete encoding; }

const uint8_t *cdcmtk_encoding_bytes(const cdcmtk_encoding *encoding, size_t *length) {
  *length = encoding->bytes.size();
  return encoding->bytes.data();
}

uint16_t cdcmtk_dictionary_vr(uint16_t group, uint16_t element) {
  cdcmtk_status status;
  uint16_t code = 0;
  guarded(&status, CDCMTK_CORRUPT, [&] {
    set_up_toolkit();
    auto evr = DcmTag(group, element).getEVR();
    if (evr == EVR_UNKNOWN || evr == EVR_UNKNOWN2B || evr == EVR_UN || evr == EVR_na) return;
    // Either of bytes and words is words here.
    const char *name = evr == EVR_xs ? "xs" : evr == EVR_ox ? "OW" : DcmVR(evr).getValidVRName();
    code = uint16_t(uint8_t(name[0]) << 8 | uint8_t(name[1]));
  });
  return code;
}

// The C ABI: every entry sets up the toolkit and catches everything.
#include "cdcmtk.h"

#include <cmath>

#include "codecs.hpp"
#include "failure.hpp"
#include "file.hpp"
#include "write.hpp"

#include "dcmtk/dcmdata/dctag.h"
#include "dcmtk/dcmdata/dcvr.h"

using namespace cdcmtk;

cdcmtk_file *cdcmtk_file_create(const char *path, bool header_only, cdcmtk_status *status) {
  cdcmtk_file *file = nullptr;
  guarded(status, CDCMTK_CORRUPT, [&] {
    set_up_toolkit();
    file = new cdcmtk_file(path, header_only);
  });
  return file;
}

void cdcmtk_file_destroy(cdcmtk_file *file) { delete file; }

const char *cdcmtk_file_transfer_syntax(const cdcmtk_file *file) { return file->transfer_syntax().c_str(); }

const uint8_t *cdcmtk_file_elements(const cdcmtk_file *file, size_t *length) {
  *length = file->elements().size();
  return file->elements().data();
}

uint32_t cdcmtk_file_frames(const cdcmtk_file *file) { return file->frames(); }

void cdcmtk_file_describe_frame(
  const cdcmtk_file *file, uint32_t index, cdcmtk_frame *frame, cdcmtk_status *status) {
  guarded(status, CDCMTK_CORRUPT_PIXEL_DATA, [&] { *frame = file->describe(index); });
}

void cdcmtk_file_decode_frame(
  const cdcmtk_file *file, uint32_t index, int32_t *pixels, size_t count, cdcmtk_frame *frame,
  cdcmtk_status *status) {
  guarded(status, CDCMTK_CORRUPT_PIXEL_DATA, [&] { *frame = file->decode(index, pixels, count); });
}

void cdcmtk_write(
  const char *path, const char *transfer_syntax, const char *implementation_class_uid,
  const char *implementation_version, const uint8_t *elements, size_t elements_length, const uint8_t *pixels,
  size_t pixels_length, cdcmtk_status *status) {
  guarded(status, CDCMTK_CANNOT_WRITE, [&] {
    set_up_toolkit();
    write_file(
      path, transfer_syntax, {implementation_class_uid, implementation_version}, elements, elements_length,
      pixels, pixels_length);
  });
}

uint16_t cdcmtk_dictionary_vr(uint16_t group, uint16_t element) {
  cdcmtk_status status;
  uint16_t code = 0;
  guarded(&status, CDCMTK_CORRUPT, [&] {
    set_up_toolkit();
    auto evr = DcmTag(group, element).getEVR();
    if (evr == EVR_UNKNOWN || evr == EVR_UNKNOWN2B || evr == EVR_UN || evr == EVR_na) return;
    const char *name = DcmVR(evr).getValidVRName();
    code = uint16_t(uint8_t(name[0]) << 8 | uint8_t(name[1]));
  });
  return code;
}

void cdcmtk_format_decimal(double value, cdcmtk_decimal_string *text) {
  // The sign, the point and the exponent take up to seven characters; fewer digits always fit in the end.
  for (int digits = 17; digits > 0; --digits) {
    int length = std::snprintf(text->characters, sizeof text->characters, "%.*g", digits, value);
    if (length <= 16) return;
  }
}

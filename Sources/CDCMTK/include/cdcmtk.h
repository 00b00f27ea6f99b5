// DCMTK and OpenJPEG behind a small C ABI: data sets as one flat buffer, frames as 32-bit values, files
// written whole. Every entry catches everything that C++ may throw and reports through a status; nothing is
// printed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef enum : int32_t {
  CDCMTK_OK = 0,
  CDCMTK_UNREADABLE,
  CDCMTK_EMPTY_FILE,
  CDCMTK_NOT_DICOM,
  CDCMTK_TRUNCATED,
  CDCMTK_CORRUPT,
  CDCMTK_TOO_LARGE,
  CDCMTK_OUT_OF_MEMORY,
  CDCMTK_NO_PIXEL_DATA,
  CDCMTK_NO_SUCH_FRAME,
  CDCMTK_INVALID_IMAGE,
  CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX,
  CDCMTK_UNSUPPORTED_PIXELS,
  CDCMTK_CORRUPT_PIXEL_DATA,
  CDCMTK_CANNOT_ENCODE,
  CDCMTK_CANNOT_WRITE,
} cdcmtk_reason;

typedef struct {
  cdcmtk_reason reason;
  // DCMTK's condition code, or errno where the system refused; 0 where neither applies.
  int32_t toolkit_code;
  char message[240];
} cdcmtk_status;

// Flat data set. Little-endian, elements in file order:
//   group u16, element u16, VR letters 2 x u8, kind u8, zero u8, length u32, payload of `length` bytes.
enum {
  CDCMTK_TEXT = 0,          // UTF-8
  CDCMTK_ENCODED_TEXT = 1,  // u32 length of the character set's name, name, u32 length of the UTF-8, UTF-8,
                            // the bytes as they stand in the file
  CDCMTK_INTEGERS = 2,  // i64 each
  CDCMTK_DECIMALS = 3,  // IEEE 754 double each
  CDCMTK_BYTES = 4,
  CDCMTK_ITEMS = 5,  // for each item: u32 length, elements
};

typedef struct cdcmtk_file cdcmtk_file;

// Opens and parses a file. With `header_only` everything from the pixel data on is neither read nor checked.
cdcmtk_file *_Nullable cdcmtk_file_create(const char *path, bool header_only, cdcmtk_status *status);
void cdcmtk_file_destroy(cdcmtk_file *file);

const char *cdcmtk_file_transfer_syntax(const cdcmtk_file *file);

// The flat data set; valid until the file is destroyed.
const uint8_t *cdcmtk_file_elements(const cdcmtk_file *file, size_t *length);

// Frames that the pixel data holds; 0 where there is none.
uint32_t cdcmtk_file_frames(const cdcmtk_file *file);

typedef struct {
  uint32_t rows, columns, samples_per_pixel, bits_allocated, bits_stored;
  bool is_signed;
  char photometric_interpretation[17];
} cdcmtk_frame;

// Checks that frame `index` can be decoded and says what it will be.
void cdcmtk_file_describe_frame(
  const cdcmtk_file *file, uint32_t index, cdcmtk_frame *frame, cdcmtk_status *status);

// Decodes frame `index` into rows x columns x samples values, colour interleaved.
void cdcmtk_file_decode_frame(
  const cdcmtk_file *file, uint32_t index, int32_t *pixels, size_t count, cdcmtk_frame *frame,
  cdcmtk_status *status);

// Writes a Part 10 file under a temporary name in the same folder, syncs it, renames it to `path` and syncs
// the folder. `pixels` holds all frames, native and little-endian.
void cdcmtk_write(
  const char *path, const char *transfer_syntax, const char *implementation_class_uid,
  const char *implementation_version, const uint8_t *elements, size_t elements_length,
  const uint8_t *_Nullable pixels, size_t pixels_length, cdcmtk_status *status);

// The VR of a tag in DCMTK's dictionary, letters in the high and low byte; 0 for none.
uint16_t cdcmtk_dictionary_vr(uint16_t group, uint16_t element);

typedef struct {
  char characters[17];
} cdcmtk_decimal_string;

// At most 16 characters, as many digits as fit.
void cdcmtk_format_decimal(double value, cdcmtk_decimal_string *text);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

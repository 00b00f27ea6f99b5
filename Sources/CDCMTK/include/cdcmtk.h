// DCMTK and OpenJPEG behind a small C ABI. Data sets cross it as DICOM itself has them, in explicit VR little
// endian; files are bytes in memory, which the caller reads and writes. Every entry catches everything that
// C++ may throw and reports through a status; nothing is printed.
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
  CDCMTK_NOT_DICOM,
  CDCMTK_TRUNCATED,
  CDCMTK_CORRUPT,
  CDCMTK_TOO_LARGE,
  CDCMTK_OUT_OF_MEMORY,
  CDCMTK_INVALID_IMAGE,
  CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX,
  CDCMTK_UNSUPPORTED_PIXELS,
  CDCMTK_CORRUPT_PIXEL_DATA,
  CDCMTK_CANNOT_ENCODE,
} cdcmtk_reason;

typedef struct {
  cdcmtk_reason reason;
  // DCMTK's condition code; 0 where it doesn't apply.
  int32_t toolkit_code;
  char message[240];
} cdcmtk_status;

typedef struct cdcmtk_file cdcmtk_file;

// Parses a file, or the beginning of one. With `header_only` everything from the pixel data on is neither
// read nor checked; a beginning that ends before that is CDCMTK_TRUNCATED. `bytes` must outlive the result.
cdcmtk_file *_Nullable cdcmtk_file_create(
  const uint8_t *bytes, size_t length, bool is_whole, bool header_only, cdcmtk_status *status);
void cdcmtk_file_destroy(cdcmtk_file *file);

typedef struct {
  uint64_t offset, length;
} cdcmtk_range;

typedef struct {
  const char *transfer_syntax;
  // Where the data set begins in the file, deflated or not.
  uint64_t data_set_start;
  // Elements before the pixel data, in explicit VR little endian with explicit lengths.
  const uint8_t *elements;
  size_t elements_length;
  // The file had no representations of its own: those of the dictionary stand in `elements`.
  bool is_implicit;
  // What was mended or left out on the way, one to a line: a code, a blank, the tag.
  const char *remarks;
  // Pixel Data, as it stands in the file; fragments count from its start.
  bool has_pixels, is_encapsulated, is_big_endian, is_words;
  const uint8_t *_Nullable pixels;
  size_t pixels_length;
  const cdcmtk_range *_Nullable fragments;
  size_t fragment_count;
  // Basic or extended; counted from the first fragment's tag.
  const uint64_t *_Nullable frame_offsets;
  size_t frame_offset_count;
} cdcmtk_contents;

// Valid until the file is destroyed.
cdcmtk_contents cdcmtk_file_contents(const cdcmtk_file *file);

// What a codestream must hold (PS3.3 section C.7.6.3).
typedef struct {
  uint32_t rows, columns, samples_per_pixel, bits_allocated, bits_stored, high_bit;
  bool is_signed, is_ybr;
  // Compression may have pushed values out of their bits: they are clipped, where foreign bits are masked.
  bool is_lossy;
} cdcmtk_image;

typedef enum : int32_t { CDCMTK_RLE, CDCMTK_JPEG, CDCMTK_JPEG_LS, CDCMTK_JPEG_2000 } cdcmtk_codec;

// Decodes a whole frame into `count` values, rows x columns x samples, colour interleaved. `is_rgb` says that
// decoding turned another colour model into RGB.
void cdcmtk_decode(
  cdcmtk_codec codec, const uint8_t *codestream, size_t length, const cdcmtk_image *image, int32_t *pixels,
  size_t count, bool *is_rgb, cdcmtk_status *status);

typedef struct cdcmtk_encoding cdcmtk_encoding;

// A Part 10 file of a data set given in explicit VR little endian, Pixel Data native and colour by pixel.
cdcmtk_encoding *_Nullable cdcmtk_encoding_create(
  const uint8_t *elements, size_t length, const char *transfer_syntax, const char *implementation_class_uid,
  const char *implementation_version, cdcmtk_status *status);
void cdcmtk_encoding_destroy(cdcmtk_encoding *encoding);

const uint8_t *cdcmtk_encoding_bytes(const cdcmtk_encoding *encoding, size_t *length);

// The VR of a tag in DCMTK's dictionary, letters in the high and low byte; "xs" where it is US or SS as Pixel
// Representation says; 0 for none.
uint16_t cdcmtk_dictionary_vr(uint16_t group, uint16_t element);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

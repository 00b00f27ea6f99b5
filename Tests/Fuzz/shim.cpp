// libFuzzer's target: a file's way through CDCMTK, as the worker takes it. Its header, the whole, and its first frame.
#include "cdcmtk.h"

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

// The codecs by the syntaxes that `DICOM` gives to them.
bool codec_of(const char *syntax, cdcmtk_codec *codec) {
  const std::string uid = syntax;
  const std::string root = "1.2.840.10008.1.2.";
  if (uid == root + "5") return *codec = CDCMTK_RLE, true;
  if (uid.rfind(root + "4.50", 0) == 0 || uid.rfind(root + "4.51", 0) == 0 || uid.rfind(root + "4.57", 0) == 0
    || uid.rfind(root + "4.70", 0) == 0) return *codec = CDCMTK_JPEG, true;
  if (uid.rfind(root + "4.8", 0) == 0) return *codec = CDCMTK_JPEG_LS, true;
  if (uid.rfind(root + "4.9", 0) == 0 || uid.rfind(root + "4.20", 0) == 0) return *codec = CDCMTK_JPEG_2000, true;
  return false;
}

// US of the image pixel module, as `elements` has them in explicit VR little endian.
uint32_t short_of(const cdcmtk_contents &contents, uint16_t element, uint32_t otherwise) {
  const uint8_t pattern[6] = {0x28, 0x00, uint8_t(element), uint8_t(element >> 8), 'U', 'S'};
  for (size_t at = 0; at + 10 <= contents.elements_length; at++) {
    if (memcmp(contents.elements + at, pattern, sizeof pattern) != 0) continue;
    return contents.elements[at + 8] | contents.elements[at + 9] << 8;
  }
  return otherwise;
}

void decode(const cdcmtk_contents &contents) {
  cdcmtk_codec codec;
  if (!contents.is_encapsulated || contents.fragment_count == 0 || !codec_of(contents.transfer_syntax, &codec)) return;
  cdcmtk_image image = {};
  image.rows = short_of(contents, 0x0010, 0);
  image.columns = short_of(contents, 0x0011, 0);
  image.samples_per_pixel = short_of(contents, 0x0002, 1);
  image.bits_allocated = short_of(contents, 0x0100, 16);
  image.bits_stored = short_of(contents, 0x0101, image.bits_allocated);
  image.high_bit = short_of(contents, 0x0102, image.bits_stored - 1);
  image.is_signed = short_of(contents, 0x0103, 0) == 1;
  const size_t count = size_t(image.rows) * image.columns * image.samples_per_pixel;
  // `DICOM` refuses larger pictures before it asks for one; a fuzzer's time is better spent on small ones.
  if (count == 0 || count > 1 << 22) return;
  std::vector<uint8_t> codestream;
  for (size_t index = 0; index < contents.fragment_count; index++) {
    const cdcmtk_range range = contents.fragments[index];
    // What the shim promises: within the pixel data.
    if (range.offset > contents.pixels_length || range.length > contents.pixels_length - range.offset) abort();
    codestream.insert(
      codestream.end(), contents.pixels + range.offset, contents.pixels + range.offset + range.length);
  }
  std::vector<int32_t> pixels(count);
  bool is_rgb = false;
  cdcmtk_status status = {};
  cdcmtk_decode(codec, codestream.data(), codestream.size(), &image, pixels.data(), count, &is_rgb, &status);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  for (const bool header_only : {true, false}) {
    cdcmtk_status status = {};
    cdcmtk_file *file = cdcmtk_file_create(bytes, length, true, header_only, &status);
    if ((file == nullptr) != (status.reason != CDCMTK_OK)) abort();
    if (file == nullptr) continue;
    const cdcmtk_contents contents = cdcmtk_file_contents(file);
    if (contents.has_pixels && !header_only) decode(contents);
    cdcmtk_file_destroy(file);
  }
  return 0;
}

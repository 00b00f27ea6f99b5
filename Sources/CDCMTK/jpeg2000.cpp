// JPEG 2000 and high-throughput JPEG 2000 (PS3.5 sections 8.2.4 and 8.2.14) through OpenJPEG.
#include <sched.h>

#include <algorithm>
#include <cstring>
#include <memory>

#if __has_include(<openjpeg-2.5/openjpeg.h>)
#include <openjpeg-2.5/openjpeg.h>
#else
#include <openjpeg.h>
#endif

#include "codecs.hpp"
#include "failure.hpp"

namespace cdcmtk {

namespace {

using CodecHandle = std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)>;
using StreamHandle = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;
using ImageHandle = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;

void keep_message(const char *message, void *target) {
  auto &kept = *static_cast<std::string *>(target);
  if (!kept.empty()) return;
  kept = message;
  while (!kept.empty() && kept.back() == '\n') kept.pop_back();
}

struct Source {
  const Codestream &bytes;
  size_t position = 0;
};

OPJ_SIZE_T read_source(void *target, OPJ_SIZE_T count, void *data) {
  auto &source = *static_cast<Source *>(data);
  auto rest = source.bytes.size() - source.position;
  if (rest == 0) return OPJ_SIZE_T(-1);
  count = std::min(count, rest);
  std::memcpy(target, source.bytes.data() + source.position, count);
  source.position += count;
  return count;
}

OPJ_OFF_T skip_source(OPJ_OFF_T count, void *data) {
  auto &source = *static_cast<Source *>(data);
  if (count < 0) return -1;
  source.position += std::min(size_t(count), source.bytes.size() - source.position);
  return count;
}

OPJ_BOOL seek_source(OPJ_OFF_T position, void *data) {
  auto &source = *static_cast<Source *>(data);
  if (position < 0 || size_t(position) > source.bytes.size()) return OPJ_FALSE;
  source.position = size_t(position);
  return OPJ_TRUE;
}

struct Sink {
  Codestream bytes;
  size_t position = 0;
};

OPJ_SIZE_T write_sink(void *source, OPJ_SIZE_T count, void *data) {
  auto &sink = *static_cast<Sink *>(data);
  if (sink.bytes.size() < sink.position + count) sink.bytes.resize(sink.position + count);
  std::memcpy(sink.bytes.data() + sink.position, source, count);
  sink.position += count;
  return count;
}

OPJ_OFF_T skip_sink(OPJ_OFF_T count, void *data) {
  auto &sink = *static_cast<Sink *>(data);
  sink.position += size_t(count);
  if (sink.bytes.size() < sink.position) sink.bytes.resize(sink.position);
  return count;
}

OPJ_BOOL seek_sink(OPJ_OFF_T position, void *data) {
  auto &sink = *static_cast<Sink *>(data);
  sink.position = size_t(position);
  if (sink.bytes.size() < sink.position) sink.bytes.resize(sink.position);
  return OPJ_TRUE;
}

void check_components(const opj_image_t &decoded, const Image &image) {
  auto corrupt = [](const char *message) { throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, message); };
  if (decoded.numcomps != image.samples) corrupt("JPEG 2000 codestream of another number of components");
  for (OPJ_UINT32 i = 0; i < decoded.numcomps; ++i) {
    const auto &component = decoded.comps[i];
    if (component.dx != 1 || component.dy != 1)
      throw Failure(CDCMTK_UNSUPPORTED_PIXELS, "subsampled JPEG 2000 is not supported");
    if (component.w != image.columns || component.h != image.rows)
      corrupt("JPEG 2000 codestream of another size than the image");
    if (component.prec == 0 || component.prec > 31) corrupt("JPEG 2000 codestream of impossible precision");
  }
}

OPJ_CODEC_FORMAT format_of(const Codestream &codestream) {
  static const uint8_t raw[] = {0xff, 0x4f, 0xff, 0x51};
  static const uint8_t boxed[] = {0x00, 0x00, 0x00, 0x0c, 0x6a, 0x50, 0x20, 0x20};
  auto begins_with = [&](const uint8_t *magic, size_t count) {
    return codestream.size() > count && std::memcmp(codestream.data(), magic, count) == 0;
  };
  if (begins_with(raw, sizeof raw)) return OPJ_CODEC_J2K;
  if (begins_with(boxed, sizeof boxed)) return OPJ_CODEC_JP2;
  throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "no JPEG 2000 codestream");
}

// More of them gain little on one radiograph, and other files may be decoding beside it.
int decoder_threads() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  if (sched_getaffinity(0, sizeof processors, &processors) != 0) return 1;
  return std::min(CPU_COUNT(&processors), 4);
}

}  // namespace

void decode_jpeg2000(
  const Codestream &codestream, const Image &image, int32_t *values, std::string &photometric) {
  std::string message;
  auto expect = [&](bool is_good) {
    if (!is_good)
      throw Failure(
        CDCMTK_CORRUPT_PIXEL_DATA, "JPEG 2000: " + (message.empty() ? "the codestream is damaged" : message));
  };
  CodecHandle codec(opj_create_decompress(format_of(codestream)), opj_destroy_codec);
  expect(codec != nullptr);
  opj_set_error_handler(codec.get(), keep_message, &message);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  expect(opj_setup_decoder(codec.get(), &parameters));
  expect(opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE));
  // Code-blocks are independent. Without threads it decodes as well.
  opj_codec_set_threads(codec.get(), decoder_threads());

  Source source{codestream};
  StreamHandle stream(opj_stream_default_create(OPJ_TRUE), opj_stream_destroy);
  expect(stream != nullptr);
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), codestream.size());
  opj_stream_set_read_function(stream.get(), read_source);
  opj_stream_set_skip_function(stream.get(), skip_source);
  opj_stream_set_seek_function(stream.get(), seek_source);

  opj_image_t *read = nullptr;
  bool has_header = opj_read_header(stream.get(), codec.get(), &read);
  ImageHandle decoded(read, opj_image_destroy);
  expect(has_header && decoded != nullptr);
  check_components(*decoded, image);
  expect(opj_decode(codec.get(), stream.get(), decoded.get()));
  check_components(*decoded, image);

  uint64_t pixels = uint64_t(image.rows) * image.columns;
  for (uint32_t sample = 0; sample < image.samples; ++sample) {
    const auto &component = decoded->comps[sample];
    expect(component.data != nullptr);
    uint32_t shift = component.prec > image.bits_stored ? image.high_bit + 1 - image.bits_stored : 0;
    for (uint64_t pixel = 0; pixel < pixels; ++pixel)
      values[pixel * image.samples + sample] =
        masked(uint32_t(component.data[pixel]) >> shift, image.bits_stored, image.is_signed);
  }
  // The multiple component transformation is undone by the decoder.
  if (photometric == "YBR_RCT" || photometric == "YBR_ICT") photometric = "RGB";
}

Codestream encode_jpeg2000(const uint8_t *frame, const Image &image) {
  if (image.high_bit + 1 != image.bits_stored)
    throw Failure(CDCMTK_CANNOT_ENCODE, "JPEG 2000 takes pixels whose high bit is bits stored - 1");
  std::string message;
  auto expect = [&](bool is_good) {
    if (!is_good)
      throw Failure(CDCMTK_CANNOT_ENCODE, "JPEG 2000: " + (message.empty() ? "encoding failed" : message));
  };
  opj_image_cmptparm_t component{};
  component.dx = component.dy = 1;
  component.w = image.columns;
  component.h = image.rows;
  component.prec = image.bits_stored;
  component.sgnd = image.is_signed;
  std::vector<opj_image_cmptparm_t> components(image.samples, component);
  ImageHandle picture(
    opj_image_create(
      image.samples, components.data(), image.samples == 1 ? OPJ_CLRSPC_GRAY : OPJ_CLRSPC_SRGB),
    opj_image_destroy);
  if (picture == nullptr) throw std::bad_alloc();
  picture->x1 = image.columns;
  picture->y1 = image.rows;
  std::vector<int32_t> values(image.count());
  unpack(frame, image.bits_allocated / 8, 0, image, values.data(), values.size());
  uint64_t pixels = uint64_t(image.rows) * image.columns;
  for (uint32_t sample = 0; sample < image.samples; ++sample)
    for (uint64_t pixel = 0; pixel < pixels; ++pixel)
      picture->comps[sample].data[pixel] = values[pixel * image.samples + sample];

  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.tcp_numlayers = 1;
  parameters.tcp_rates[0] = 0;
  parameters.cp_disto_alloc = 1;
  parameters.tcp_mct = image.samples == 3 ? 1 : 0;
  // Every level halves the image; it can't be halved below one pixel.
  while (parameters.numresolution > 1 &&
         (std::min(image.rows, image.columns) >> (parameters.numresolution - 1)) == 0)
    --parameters.numresolution;
  CodecHandle codec(opj_create_compress(OPJ_CODEC_J2K), opj_destroy_codec);
  expect(codec != nullptr);
  opj_set_error_handler(codec.get(), keep_message, &message);
  expect(opj_setup_encoder(codec.get(), &parameters, picture.get()));

  Sink sink;
  {
    StreamHandle stream(opj_stream_default_create(OPJ_FALSE), opj_stream_destroy);
    expect(stream != nullptr);
    opj_stream_set_user_data(stream.get(), &sink, nullptr);
    opj_stream_set_write_function(stream.get(), write_sink);
    opj_stream_set_skip_function(stream.get(), skip_sink);
    opj_stream_set_seek_function(stream.get(), seek_sink);
    expect(opj_start_compress(codec.get(), picture.get(), stream.get()));
    expect(opj_encode(codec.get(), stream.get()));
    expect(opj_end_compress(codec.get(), stream.get()));
  }
  return std::move(sink.bytes);
}

}  // namespace cdcmtk

// JPEG 2000 and high-throughput JPEG 2000 (PS3.5 sections 8.2.4 and 8.2.14) through OpenJPEG.
#include <sched.h>

#include <memory>

#if __has_include(<openjpeg-2.5/openjpeg.h>)
#include <openjpeg-2.5/openjpeg.h>
#else
#include <openjpeg.h>
#endif

#include "codecs.hpp"

namespace cdcmtk {

namespace {

using CodecHandle = std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)>;
using StreamHandle = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;
using ImageHandle = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;

// Keeps the first message; `expect` throws it.
struct Outcome {
  cdcmtk_reason reason;
  std::string message;

  static void keep(const char *message, void *target) {
    auto &kept = static_cast<Outcome *>(target)->message;
    if (kept.empty()) kept = std::string(message, std::strcspn(message, "\n"));
  }
  void expect(bool is_good) const {
    if (!is_good) throw Failure(reason, "JPEG 2000: " + (message.empty() ? "damaged or impossible" : message));
  }
};

// Bytes that OpenJPEG reads, or writes and lets grow.
struct Memory {
  Bytes bytes;
  size_t position = 0;

  static OPJ_SIZE_T read(void *target, OPJ_SIZE_T count, void *data) {
    auto &memory = *static_cast<Memory *>(data);
    count = std::min(count, memory.bytes.size() - memory.position);
    if (count == 0) return OPJ_SIZE_T(-1);
    std::memcpy(target, memory.bytes.data() + memory.position, count);
    memory.position += count;
    return count;
  }
  static OPJ_SIZE_T write(void *source, OPJ_SIZE_T count, void *data) {
    auto &memory = *static_cast<Memory *>(data);
    memory.bytes.resize(std::max(memory.bytes.size(), memory.position + count));
    std::memcpy(memory.bytes.data() + memory.position, source, count);
    memory.position += count;
    return count;
  }
  static OPJ_OFF_T skip(OPJ_OFF_T count, void *data) {
    auto &memory = *static_cast<Memory *>(data);
    if (count < 0) return -1;
    memory.position = std::min(memory.position + size_t(count), memory.bytes.size());
    return count;
  }
  static OPJ_BOOL seek(OPJ_OFF_T position, void *data) {
    auto &memory = *static_cast<Memory *>(data);
    if (position < 0 || size_t(position) > memory.bytes.size()) return OPJ_FALSE;
    memory.position = size_t(position);
    return OPJ_TRUE;
  }

  StreamHandle stream(bool is_input) {
    StreamHandle stream(opj_stream_default_create(is_input), opj_stream_destroy);
    if (stream == nullptr) throw std::bad_alloc();
    opj_stream_set_user_data(stream.get(), this, nullptr);
    opj_stream_set_user_data_length(stream.get(), bytes.size());
    opj_stream_set_read_function(stream.get(), read);
    opj_stream_set_write_function(stream.get(), write);
    opj_stream_set_skip_function(stream.get(), skip);
    opj_stream_set_seek_function(stream.get(), seek);
    return stream;
  }
};

[[noreturn]] void corrupt(const char *message) { throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, message); }

void check_components(const opj_image_t &decoded, const cdcmtk_image &image) {
  if (decoded.numcomps != image.samples_per_pixel)
    corrupt("JPEG 2000 codestream of another number of components");
  for (OPJ_UINT32 i = 0; i < decoded.numcomps; ++i) {
    const auto &component = decoded.comps[i];
    if (component.dx != 1 || component.dy != 1)
      throw Failure(CDCMTK_UNSUPPORTED_PIXELS, "subsampled JPEG 2000 is not supported");
    if (component.w != image.columns || component.h != image.rows)
      corrupt("JPEG 2000 codestream of another size than the image");
    if (component.prec == 0 || component.prec > 31) corrupt("JPEG 2000 codestream of impossible precision");
  }
}

bool begins_with(View bytes, std::initializer_list<uint8_t> magic) {
  return bytes.size > magic.size() && std::equal(magic.begin(), magic.end(), bytes.data);
}

// Which tiles there are and which of their parts were found (ISO 15444-1 sections A.4.2, A.5.1 and B.3).
class TileParts {
 public:
  // `size` begins with the marker SIZ.
  explicit TileParts(const uint8_t *size) {
    uint64_t tiles = 1;
    for (size_t axis : {0, 4}) {
      auto number = [&](size_t at) { return big_endian(size + at + axis, 4); };
      uint64_t end = number(6), step = number(22), start = number(30);
      if (step == 0 || start >= end) corrupt("JPEG 2000 codestream of impossible tiles");
      tiles *= (end - start + step - 1) / step;
      if (tiles > 65535) corrupt("JPEG 2000 codestream of impossible tiles");
    }
    tiles_.resize(tiles);
  }

  // `part` begins with the marker SOT.
  void add(const uint8_t *part) {
    auto tile = big_endian(part + 4, 2);
    if (tile >= tiles_.size()) corrupt("JPEG 2000 codestream of impossible tiles");
    ++tiles_[tile].found;
    tiles_[tile].announced = std::max(tiles_[tile].announced, uint32_t(part[11]));
  }

  bool is_whole() const {
    return std::all_of(tiles_.begin(), tiles_.end(), [](const Tile &tile) {
      return tile.found > 0 && tile.found >= tile.announced;
    });
  }

 private:
  struct Tile {
    uint32_t found = 0, announced = 0;  // 0: not yet known, or in another part
  };
  std::vector<Tile> tiles_;
};

// The end of the last tile-part. OpenJPEG leaves black what is missing when the codestream ends, so every tile must
// be there with every part.
size_t end_of_tile_parts(View codestream) {
  auto *bytes = codestream.data;
  if (codestream.size < 42 || big_endian(bytes, 4) != 0xff4fff51) corrupt("no JPEG 2000 codestream");
  TileParts parts(bytes + 2);
  size_t at = 2, last = 0;
  while (at + 12 <= codestream.size && bytes[at] == 0xff) {
    bool is_tile_part = bytes[at + 1] == 0x90;
    if (!is_tile_part && last != 0) break;
    size_t length = is_tile_part ? big_endian(bytes + at + 6, 4) : 2 + big_endian(bytes + at + 2, 2);
    if (is_tile_part) {
      parts.add(bytes + at);
      last = at;
      // Zero stands for all that is left.
      if (length == 0) length = codestream.size - at;
    }
    at += std::min(length, codestream.size - at);
  }
  if (!parts.is_whole()) corrupt("JPEG 2000: tiles are missing");
  const uint8_t mark[] = {0xff, 0xd9};
  bool is_ended = std::search(bytes + last, bytes + codestream.size, mark, mark + 2) != bytes + codestream.size;
  if (!is_ended && is_filled_up(codestream)) corrupt("JPEG 2000: the codestream ends in zeros");
  return at;
}

// The codestream in the boxes of a JP2 file (ISO 15444-1 section I.4).
View codestream_in(View boxes) {
  for (size_t at = 0; boxes.size - at >= 16;) {
    auto *box = boxes.data + at;
    uint64_t length = big_endian(box, 4), head = 8;
    if (length == 1) length = big_endian(box + 8, 8), head = 16;
    if (length == 0) length = boxes.size - at;
    length = std::min<uint64_t>(length, boxes.size - at);
    if (length < head) break;
    if (big_endian(box + 4, 4) == 0x6a703263) return {box + head, size_t(length - head)};
    at += size_t(length);
  }
  corrupt("JP2 without codestream");
}

// Strict decoding refuses whatever stands between the last tile-part and the end (comments, padding) though
// it belongs to no pixel; it is left out. The tile-parts say themselves how long they are.
Bytes without_remainder(View codestream) {
  auto last = end_of_tile_parts(codestream);
  auto *end = codestream.data + codestream.size;
  auto has = [&](std::initializer_list<uint8_t> mark) {
    return std::search(codestream.data + last, end, mark.begin(), mark.end()) != end;
  };
  if (!has({0xff, 0xd9}) || has({0xff, 0x90, 0, 10})) return Bytes(codestream.data, end);
  Bytes trimmed(codestream.data, codestream.data + last);
  trimmed.insert(trimmed.end(), {0xff, 0xd9});
  return trimmed;
}

// More of them gain little on one radiograph, and other files may be decoding beside it.
int decoder_threads() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  if (sched_getaffinity(0, sizeof processors, &processors) != 0) return 1;
  return std::min(CPU_COUNT(&processors), 4);
}

}  // namespace

void decode_jpeg2000(View codestream, const cdcmtk_image &image, int32_t *values) {
  Outcome outcome{CDCMTK_CORRUPT_PIXEL_DATA, ""};
  bool is_raw = begins_with(codestream, {0xff, 0x4f, 0xff, 0x51});
  if (!is_raw && !begins_with(codestream, {0x00, 0x00, 0x00, 0x0c, 0x6a, 0x50, 0x20, 0x20}))
    throw Failure(CDCMTK_CORRUPT_PIXEL_DATA, "no JPEG 2000 codestream");
  CodecHandle codec(opj_create_decompress(is_raw ? OPJ_CODEC_J2K : OPJ_CODEC_JP2), opj_destroy_codec);
  outcome.expect(codec != nullptr);
  opj_set_error_handler(codec.get(), Outcome::keep, &outcome);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  outcome.expect(opj_setup_decoder(codec.get(), &parameters));
  outcome.expect(opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE));
  // Code-blocks are independent. Without threads it decodes as well.
  opj_codec_set_threads(codec.get(), decoder_threads());

  if (!is_raw) end_of_tile_parts(codestream_in(codestream));
  Memory source{is_raw ? without_remainder(codestream) : Bytes(codestream.data, codestream.data + codestream.size)};
  auto stream = source.stream(true);
  opj_image_t *read = nullptr;
  bool has_header = opj_read_header(stream.get(), codec.get(), &read);
  ImageHandle decoded(read, opj_image_destroy);
  outcome.expect(has_header && decoded != nullptr);
  check_components(*decoded, image);
  outcome.expect(opj_decode(codec.get(), stream.get(), decoded.get()));
  check_components(*decoded, image);

  const auto samples = image.samples_per_pixel;
  const auto attributes = image;
  size_t pixels = size_t(image.rows) * image.columns;
  for (uint32_t sample = 0; sample < samples; ++sample) {
    const auto component = decoded->comps[sample];
    outcome.expect(component.data != nullptr);
    for (size_t pixel = 0; pixel < pixels; ++pixel)
      values[pixel * samples + sample] =
        stored_value(component.data[pixel], component.prec, component.sgnd, attributes);
  }
}

Bytes encode_jpeg2000(const uint8_t *frame, const cdcmtk_image &image) {
  if (image.high_bit + 1 != image.bits_stored)
    throw Failure(CDCMTK_CANNOT_ENCODE, "JPEG 2000 takes pixels whose high bit is bits stored - 1");
  Outcome outcome{CDCMTK_CANNOT_ENCODE, ""};
  opj_image_cmptparm_t component{};
  component.dx = component.dy = 1;
  component.w = image.columns;
  component.h = image.rows;
  component.prec = image.bits_stored;
  component.sgnd = image.is_signed;
  const auto samples = image.samples_per_pixel;
  std::vector<opj_image_cmptparm_t> components(samples, component);
  ImageHandle picture(
    opj_image_create(samples, components.data(), samples == 1 ? OPJ_CLRSPC_GRAY : OPJ_CLRSPC_SRGB),
    opj_image_destroy);
  if (picture == nullptr) throw std::bad_alloc();
  picture->x1 = image.columns;
  picture->y1 = image.rows;
  std::vector<int32_t> values(count(image));
  uint32_t width = image.bits_allocated / 8;
  store(Bytes(frame, frame + values.size() * width), width, image.bits_stored, image, values.data());
  for (size_t i = 0; i < values.size(); ++i) picture->comps[i % samples].data[i / samples] = values[i];

  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.tcp_numlayers = 1;
  parameters.tcp_rates[0] = 0;
  parameters.cp_disto_alloc = 1;
  parameters.tcp_mct = samples == 3 ? 1 : 0;
  // Every level halves the image; it can't be halved below one pixel.
  while (parameters.numresolution > 1 &&
         (std::min(image.rows, image.columns) >> (parameters.numresolution - 1)) == 0)
    --parameters.numresolution;
  CodecHandle codec(opj_create_compress(OPJ_CODEC_J2K), opj_destroy_codec);
  outcome.expect(codec != nullptr);
  opj_set_error_handler(codec.get(), Outcome::keep, &outcome);
  outcome.expect(opj_setup_encoder(codec.get(), &parameters, picture.get()));
  Memory sink;
  {
    auto stream = sink.stream(false);
    outcome.expect(opj_start_compress(codec.get(), picture.get(), stream.get()));
    outcome.expect(opj_encode(codec.get(), stream.get()));
    outcome.expect(opj_end_compress(codec.get(), stream.get()));
  }
  return std::move(sink.bytes);
}

}  // namespace cdcmtk

#pragma once
#include <libdeflate.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

// libpng jumps out of its failures, and a jump may not cross Swift's frames: all calls to it stand here.

/// The bytes of a PNG file, to be freed by whoever asked for them; or why there are none.
typedef struct {
  unsigned char *bytes;
  size_t count, capacity;
  char failure[80];
} cpng_file;

static void cpng_append(png_structp png, png_bytep bytes, size_t count) {
  cpng_file *file = (cpng_file *)png_get_io_ptr(png);
  if (file->capacity - file->count < count) {
    size_t capacity = 2 * file->capacity + count;
    unsigned char *more = (unsigned char *)realloc(file->bytes, capacity);
    if (!more) png_error(png, "out of memory");
    file->bytes = more;
    file->capacity = capacity;
  }
  memcpy(file->bytes + file->count, bytes, count);
  file->count += count;
}

static void cpng_flush(png_structp png) { (void)png; }

static void cpng_fail(png_structp png, png_const_charp message) {
  cpng_file *file = (cpng_file *)png_get_error_ptr(png);
  strncpy(file->failure, message, sizeof file->failure - 1);
  png_longjmp(png, 1);
}

static void cpng_ignore(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

/// Every row as its difference to the one above (filter Up), behind the filter's number; samples of 16 bits turned to big
/// endian.
static inline void cpng_filter(const unsigned char *row, size_t stride, size_t height, int bits, unsigned char *filtered) {
  for (size_t y = 0; y < height; y++, row += stride, filtered += stride) {
    *filtered++ = PNG_FILTER_VALUE_UP;
    if (bits == 16) {
      for (size_t i = 0; i < stride; i++) filtered[i] = (unsigned char)(row[i ^ 1] - (y ? (row - stride)[i ^ 1] : 0));
    } else if (y) {
      for (size_t i = 0; i < stride; i++) filtered[i] = (unsigned char)(row[i] - (row - stride)[i]);
    } else {
      memcpy(filtered, row, stride);
    }
  }
}

/// Fills the empty `file` with a picture, RGB or grey, of 8 bits or of 16 in the machine's order (little endian); 0 where
/// that failed. libdeflate's fastest level compresses it: in less than half of the time that zlib takes for its own, to
/// fewer bytes.
static inline int cpng_encode(const void *pixels, png_uint_32 width, png_uint_32 height, int is_colour, int bits,
                              cpng_file *file) {
  strcpy(file->failure, "out of memory");
  const size_t stride = (size_t)width * (is_colour ? 3 : 1) * (size_t)(bits / 8), count = (stride + 1) * height;
  struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(1);
  const size_t bound = compressor ? libdeflate_zlib_compress_bound(compressor, count) : 0;
  unsigned char *const filtered = compressor ? (unsigned char *)malloc(count + bound) : NULL;
  png_structp png = filtered ? png_create_write_struct(PNG_LIBPNG_VER_STRING, file, cpng_fail, cpng_ignore) : NULL;
  png_infop info = png ? png_create_info_struct(png) : NULL;
  int is_done = 0;
  if (info && !setjmp(png_jmpbuf(png))) {
    png_set_write_fn(png, file, cpng_append, cpng_flush);
    png_set_IHDR(png, info, width, height, bits, is_colour ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    png_write_info(png, info);
    cpng_filter((const unsigned char *)pixels, stride, height, bits, filtered);
    unsigned char *compressed = filtered + count;
    const size_t length = libdeflate_zlib_compress(compressor, filtered, count, compressed, bound);
    if (!length) png_error(png, "can't be compressed");
    png_write_chunk(png, (png_const_bytep) "IDAT", compressed, length);
    png_write_chunk(png, (png_const_bytep) "IEND", NULL, 0);
    is_done = 1;
  }
  png_destroy_write_struct(&png, &info);
  free(filtered);
  if (compressor) libdeflate_free_compressor(compressor);
  return is_done;
}

/// A decoded picture: rows of `channels` samples (1 or 3), of 8 bits, or of 16 in the machine's order (little endian); to be
/// freed by whoever asked for it; or why there is none.
typedef struct {
  unsigned char *samples;
  png_uint_32 width, height;
  int bits, channels;
  char failure[80];
} cpng_picture;

typedef struct {
  const unsigned char *next;
  size_t left;
} cpng_source;

static void cpng_take(png_structp png, png_bytep bytes, size_t count) {
  cpng_source *source = (cpng_source *)png_get_io_ptr(png);
  if (count > source->left) png_error(png, "cut short");
  memcpy(bytes, source->next, count);
  source->next += count;
  source->left -= count;
}

static void cpng_fail_reading(png_structp png, png_const_charp message) {
  cpng_picture *picture = (cpng_picture *)png_get_error_ptr(png);
  strncpy(picture->failure, message, sizeof picture->failure - 1);
  png_longjmp(png, 1);
}

/// Fills the empty `picture` from the bytes of a PNG file of any kind, without its transparency and without a change of
/// its values but to 8 bits from fewer; 0 where that failed. No more than `most` pixels.
static inline int cpng_decode(const unsigned char *bytes, size_t count, size_t most, cpng_picture *picture) {
  cpng_source source = {bytes, count};
  strcpy(picture->failure, "out of memory");
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, picture, cpng_fail_reading, cpng_ignore);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info || setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    free(picture->samples);
    picture->samples = NULL;
    return 0;
  }
  png_set_user_limits(png, 65535, 65535);
  png_set_read_fn(png, &source, cpng_take);
  png_read_info(png, info);
  picture->width = png_get_image_width(png, info);
  picture->height = png_get_image_height(png, info);
  if ((size_t)picture->width * picture->height > most) png_error(png, "too many pixels");
  png_set_expand(png);
  png_set_strip_alpha(png);
  png_set_swap(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  picture->bits = png_get_bit_depth(png, info);
  picture->channels = png_get_channels(png, info);
  size_t stride = png_get_rowbytes(png, info);
  if (stride != (size_t)picture->width * picture->channels * (picture->bits / 8)) png_error(png, "an unknown layout");
  picture->samples = (unsigned char *)malloc(stride * picture->height);
  if (!picture->samples) png_error(png, "out of memory");
  for (int pass = 0; pass < passes; pass++)
    for (png_uint_32 row = 0; row < picture->height; row++)
      png_read_row(png, picture->samples + row * stride, NULL);
  png_read_end(png, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  return 1;
}

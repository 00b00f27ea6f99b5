#pragma once
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

// libpng jumps out of its failures, and a jump may not cross Swift's frames: all calls that write stand here.

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

/// Fills the empty `file` with an 8-bit picture, RGB or grey; 0 where that failed. Every row is kept as its difference
/// to the one above (filter Up) and deflated at zlib's fastest level: a quarter of the time of its default level, for
/// a third more bytes.
static inline int cpng_encode(const unsigned char *pixels, png_uint_32 width, png_uint_32 height, int is_colour,
                              cpng_file *file) {
  strcpy(file->failure, "out of memory");
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, file, cpng_fail, cpng_ignore);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info || setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    return 0;
  }
  png_set_write_fn(png, file, cpng_append, cpng_flush);
  png_set_compression_level(png, 1);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
  png_set_IHDR(png, info, width, height, 8, is_colour ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
  png_write_info(png, info);
  size_t stride = (size_t)width * (is_colour ? 3 : 1);
  for (png_uint_32 row = 0; row < height; row++) png_write_row(png, pixels + row * stride);
  png_write_end(png, NULL);
  png_destroy_write_struct(&png, &info);
  return 1;
}

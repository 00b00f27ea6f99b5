#include "bytes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "failure.hpp"

namespace cdcmtk {

namespace {

constexpr size_t window_size = 64 << 10;
// More than any radiograph; what inflates to more is an attack or a mistake.
constexpr size_t inflated_limit = size_t(1) << 30;

[[noreturn]] void fail_errno(int error) { throw Failure(CDCMTK_UNREADABLE, std::strerror(error), error); }

}  // namespace

FileBytes::FileBytes(const char *path) {
  // O_NONBLOCK: a named pipe in the inbox must not stop us.
  descriptor_ = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) fail_errno(errno);
  struct stat info;
  int error = 0;
  if (fstat(descriptor_, &info) != 0) error = errno;
  else if (S_ISDIR(info.st_mode)) error = EISDIR;
  if (error != 0 || !S_ISREG(info.st_mode)) {
    close(descriptor_);
    if (error != 0) fail_errno(error);
    throw Failure(CDCMTK_UNREADABLE, "not a regular file");
  }
  size_ = uint64_t(info.st_size);
}

FileBytes::~FileBytes() { close(descriptor_); }

void FileBytes::read(uint64_t offset, void *target, size_t count) {
  if (offset > size_ || count > size_ - offset) throw Failure(CDCMTK_TRUNCATED, "the file ends too early");
  if (count > window_size / 2) return fetch(offset, target, count);
  if (offset < window_offset_ || offset + count > window_offset_ + window_.size()) {
    window_.resize(size_t(std::min<uint64_t>(window_size, size_ - offset)));
    window_offset_ = offset;
    try {
      fetch(offset, window_.data(), window_.size());
    } catch (...) {
      window_.clear();
      throw;
    }
  }
  std::memcpy(target, window_.data() + (offset - window_offset_), count);
}

void FileBytes::fetch(uint64_t offset, void *target, size_t count) {
  auto *bytes = static_cast<uint8_t *>(target);
  while (count > 0) {
    ssize_t got = pread(descriptor_, bytes, count, off_t(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno(errno);
    if (got == 0) throw Failure(CDCMTK_UNREADABLE, "the file became shorter while it was read");
    bytes += got;
    offset += uint64_t(got);
    count -= size_t(got);
  }
}

void MemoryBytes::read(uint64_t offset, void *target, size_t count) {
  if (offset > bytes_.size() || count > bytes_.size() - offset)
    throw Failure(CDCMTK_TRUNCATED, "the inflated data set ends too early");
  std::memcpy(target, bytes_.data() + offset, count);
}

namespace {

// DCMTK's own filter appends a zero to a stream that ends early and so makes up its last bytes; zlib is asked
// directly. False where `deflated` isn't in the given format at all.
bool inflate(std::vector<uint8_t> &deflated, int window_bits, std::vector<uint8_t> &inflated) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) throw std::bad_alloc();
  std::unique_ptr<z_stream, decltype(&inflateEnd)> owner(&stream, inflateEnd);
  std::vector<uint8_t> chunk(256 << 10);
  size_t fed = 0;
  for (;;) {
    if (stream.avail_in == 0 && fed < deflated.size()) {
      auto count = std::min<size_t>(deflated.size() - fed, 1 << 30);
      stream.next_in = deflated.data() + fed;
      stream.avail_in = uInt(count);
      fed += count;
    }
    stream.next_out = chunk.data();
    stream.avail_out = uInt(chunk.size());
    int result = ::inflate(&stream, Z_NO_FLUSH);
    auto got = chunk.size() - stream.avail_out;
    if (inflated.size() + got > inflated_limit)
      throw Failure(CDCMTK_TOO_LARGE, "inflates to more than 1 GiB");
    inflated.insert(inflated.end(), chunk.begin(), chunk.begin() + ptrdiff_t(got));
    if (result == Z_STREAM_END) return true;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result == Z_BUF_ERROR || (result == Z_OK && got == 0 && fed == deflated.size()))
      throw Failure(CDCMTK_TRUNCATED, "truncated: the file ends within the deflated data set");
    if (result != Z_OK && inflated.empty()) return false;
    if (result != Z_OK) throw Failure(CDCMTK_CORRUPT, "the deflated data set is damaged");
  }
}

}  // namespace

std::unique_ptr<Bytes> inflate(Bytes &source, uint64_t offset) {
  auto deflated = source.read(offset, size_t(source.size() - offset));
  std::vector<uint8_t> inflated;
  // Raw deflate is what the standard wants; some writers wrap it as zlib does.
  if (!inflate(deflated, -MAX_WBITS, inflated) && !inflate(deflated, MAX_WBITS, inflated))
    throw Failure(CDCMTK_CORRUPT, "the data set isn't deflated");
  return std::make_unique<MemoryBytes>(std::move(inflated));
}

}  // namespace cdcmtk

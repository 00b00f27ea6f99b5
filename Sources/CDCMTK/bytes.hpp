// Random access to the bytes of a file, or of a data set inflated into memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cdcmtk {

class Bytes {
 public:
  virtual ~Bytes() = default;
  virtual uint64_t size() const = 0;
  // Copies `count` bytes from `offset` on; the range must lie within size().
  virtual void read(uint64_t offset, void *target, size_t count) = 0;

  std::vector<uint8_t> read(uint64_t offset, size_t count) {
    std::vector<uint8_t> bytes(count);
    read(offset, bytes.data(), count);
    return bytes;
  }
};

// A file, read through a window so that a header costs one system call.
class FileBytes : public Bytes {
 public:
  explicit FileBytes(const char *path);
  ~FileBytes() override;
  uint64_t size() const override { return size_; }
  using Bytes::read;
  void read(uint64_t offset, void *target, size_t count) override;

 private:
  void fetch(uint64_t offset, void *target, size_t count);

  int descriptor_;
  uint64_t size_ = 0;
  uint64_t window_offset_ = 0;
  std::vector<uint8_t> window_;
};

class MemoryBytes : public Bytes {
 public:
  explicit MemoryBytes(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  using Bytes::read;
  void read(uint64_t offset, void *target, size_t count) override;

 private:
  std::vector<uint8_t> bytes_;
};

// Inflates a deflated data set (PS3.5 section A.5).
std::unique_ptr<Bytes> inflate(Bytes &source, uint64_t offset);

}  // namespace cdcmtk

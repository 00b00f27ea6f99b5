#include "durable_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>

#include "failure.hpp"

namespace cdcmtk {

namespace {

constexpr size_t buffer_size = 256 << 10;

}  // namespace

DurableFile::DurableFile(const std::string &path) : path_(path) {
  auto slash = path.rfind('/');
  folder_ = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  std::random_device random;
  char name[48];
  // Hidden, so that nothing that watches the folder takes it for a result.
  std::snprintf(name, sizeof name, "/.mmdicom-%08x%08x.tmp", unsigned(random()), unsigned(random()));
  temporary_ = folder_ + name;
  // Not for everybody: it may name a patient.
  descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (descriptor_ < 0) {
    temporary_.clear();
    fail(errno);
  }
}

DurableFile::~DurableFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

OFCondition DurableFile::status() const { return error_ == 0 ? EC_Normal : OFCondition(EC_InvalidStream); }

offile_off_t DurableFile::avail() const { return offile_off_t(1) << 40; }

offile_off_t DurableFile::write(const void *bytes, offile_off_t count) {
  if (error_ != 0) return 0;
  buffer_.append(static_cast<const char *>(bytes), size_t(count));
  if (buffer_.size() >= buffer_size) flush_buffer();
  return error_ == 0 ? count : 0;
}

void DurableFile::flush_buffer() {
  size_t at = 0;
  while (at < buffer_.size() && error_ == 0) {
    ssize_t written = ::write(descriptor_, buffer_.data() + at, buffer_.size() - at);
    if (written >= 0) at += size_t(written);
    else if (errno != EINTR) error_ = errno;
  }
  buffer_.clear();
}

void DurableFile::commit() {
  flush_buffer();
  if (error_ != 0) fail(error_);
  if (fsync(descriptor_) != 0) fail(errno);
  int closed = close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail(errno);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) fail(errno);
  temporary_.clear();
  int folder = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) fail(errno);
  int synced = fsync(folder);
  int error = errno;
  close(folder);
  // Some network file systems can't sync a folder.
  if (synced != 0 && error != EINVAL) fail(error);
}

void DurableFile::fail(int error) const { throw Failure(CDCMTK_CANNOT_WRITE, std::strerror(error), error); }

}  // namespace cdcmtk

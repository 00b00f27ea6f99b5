// A file that appears under its name only when it is complete and on disk.
#pragma once

#include <string>

#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmdata/dcerror.h"
#include "dcmtk/dcmdata/dcostrma.h"

namespace cdcmtk {

// Where DCMTK writes to. Its own file stream loses what the system says about a full disk.
class DurableFile : public DcmConsumer {
 public:
  explicit DurableFile(const std::string &path);
  // Removes the temporary file unless commit() has succeeded.
  ~DurableFile() override;

  // Syncs, renames and syncs the folder.
  void commit();

  OFBool good() const override { return error_ == 0; }
  OFCondition status() const override;
  OFBool isFlushed() const override { return OFTrue; }
  offile_off_t avail() const override;
  offile_off_t write(const void *bytes, offile_off_t count) override;
  void flush() override {}

 private:
  [[noreturn]] void fail(int error) const;
  void flush_buffer();

  std::string path_, folder_, temporary_;
  std::string buffer_;
  int descriptor_ = -1;
  int error_ = 0;
};

class DurableStream : public DcmOutputStream {
 public:
  explicit DurableStream(DurableFile &file) : DcmOutputStream(&file) {}
};

}  // namespace cdcmtk

// An opened file: its data set before the pixel data, and where the pixel data lies.
#pragma once

#include <set>

#include "input.hpp"

struct cdcmtk_file {
  // Throws for what isn't DICOM, is cut short or contradicts itself.
  cdcmtk_file(cdcmtk::View file, bool is_whole, bool header_only);

  cdcmtk_contents contents() const;

 private:
  size_t read_meta(size_t at);
  E_TransferSyntax data_set_encoding(size_t at) const;
  size_t read_data_set(size_t at);
  void find_pixels(size_t at);
  size_t read_native(const cdcmtk::Head &head);
  size_t read_fragments(size_t at);
  void check_rest(size_t at);
  void read_offsets(cdcmtk::View table, size_t width);
  void remark(const char *code, const std::string &what);

  cdcmtk::View bytes_;
  bool is_whole_, header_only_;
  size_t start_ = 0;
  cdcmtk::Bytes inflated_;
  std::string transfer_syntax_, remarks_;
  std::set<std::string> said_;
  E_TransferSyntax encoding_ = EXS_LittleEndianExplicit;
  cdcmtk::Bytes elements_;
  bool is_mended_ = false;
  bool has_pixels_ = false, is_encapsulated_ = false, is_words_ = false;
  cdcmtk::View pixels_{};
  std::vector<cdcmtk_range> fragments_;
  std::vector<uint64_t> frame_offsets_;
};

#include "file.hpp"

#include <algorithm>

#include "data_set.hpp"
#include "inflate.hpp"

#include "dcmtk/dcmdata/dcuid.h"

using namespace cdcmtk;

namespace {

const char private_ge[] = "1.2.840.113619.5.2";

bool is_zero(const uint8_t *begin, const uint8_t *end) {
  return std::all_of(begin, end, [](uint8_t byte) { return byte == 0; });
}

}  // namespace

cdcmtk_file::cdcmtk_file(View file, bool is_whole, bool header_only)
    : bytes_(file), is_whole_(is_whole), header_only_(header_only) {
  bool has_preamble = file.size >= 132 && std::memcmp(file.data + 128, "DICM", 4) == 0;
  // A bare data set begins with group 2 or 8; anything else isn't DICOM.
  bool may_be_bare =
    file.size >= 8 && (file.data[0] == 2 || file.data[0] == 8) && file.data[1] == 0 && file.data[3] == 0;
  if (!has_preamble && !may_be_bare) throw Failure(CDCMTK_NOT_DICOM, "not a DICOM file");
  try {
    size_t start = start_ = read_meta(has_preamble ? 132 : 0);
    if (transfer_syntax_ == UID_DeflatedExplicitVRLittleEndianTransferSyntax) {
      inflated_ = inflate({file.data + start, file.size - start}, !is_whole);
      bytes_ = {inflated_.data(), inflated_.size()};
      start = 0;
    }
    if (start >= bytes_.size) truncated("before the data set");
    encoding_ = data_set_encoding(start);
    if (transfer_syntax_.empty())
      transfer_syntax_ = encoding_ == EXS_LittleEndianImplicit ? UID_LittleEndianImplicitTransferSyntax
                                                               : UID_LittleEndianExplicitTransferSyntax;
    find_pixels(read_data_set(start));
  } catch (const Failure &failure) {
    // Without the magic word a file that makes no sense just isn't DICOM.
    if (has_preamble || failure.reason == CDCMTK_TOO_LARGE || !is_whole) throw;
    throw Failure(CDCMTK_NOT_DICOM, "not a DICOM file");
  }
}

// Finds the Transfer Syntax UID; returns the end of group 2 (PS3.10 section 7.1). It should be explicit and say
// how long it is; a data set may begin with group 2 once more.
size_t cdcmtk_file::read_meta(size_t at) {
  auto encoding = has_vr(bytes_, at + 4) ? EXS_LittleEndianExplicit : EXS_LittleEndianImplicit;
  DcmTagKey last(0, 0);
  while (bytes_.size - at >= 8) {
    if ((encoding == EXS_LittleEndianExplicit) != has_vr(bytes_, at + 4)) break;
    auto head = read_head(bytes_, at, encoding);
    if (head.tag.getGroup() != 0x0002 || head.tag < last) break;
    if (head.is_undefined_length() || head.length > bytes_.size - head.value)
      truncated("within the file meta information");
    if (head.tag == DcmTagKey(0x0002, 0x0010)) {
      transfer_syntax_.assign(reinterpret_cast<const char *>(bytes_.data) + head.value, head.length);
      transfer_syntax_.erase(transfer_syntax_.find_last_not_of(std::string(" \0", 2)) + 1);
    }
    last = head.tag;
    at = head.value + head.length;
  }
  return at;
}

// The first element tells, whatever the transfer syntax says.
E_TransferSyntax cdcmtk_file::data_set_encoding(size_t at) const {
  bool is_big = transfer_syntax_ == UID_BigEndianExplicitTransferSyntax && bytes_.data[at] == 0;
  if (is_big) return EXS_BigEndianExplicit;
  if (has_vr(bytes_, at + 4) || bytes_.size - at < 8) return EXS_LittleEndianExplicit;
  // An explicit data set may begin with an element without representation.
  auto next = at + 8 + size_t(little_endian_32(bytes_.data + at + 4));
  bool says_implicit = transfer_syntax_ == UID_LittleEndianImplicitTransferSyntax;
  return !says_implicit && has_vr(bytes_, next + 4) ? EXS_LittleEndianExplicit : EXS_LittleEndianImplicit;
}

size_t cdcmtk_file::read_data_set(size_t at) {
  DataSet data_set(
    bytes_, encoding_, [this](const char *code, const std::string &what) { remark(code, what); });
  size_t end = data_set.read_elements(at);
  if (data_set.card() == 0) throw Failure(CDCMTK_CORRUPT, "no element before the pixel data");
  is_mended_ = data_set.is_mended();
  elements_ = data_set.encoded();
  return end;
}

void cdcmtk_file::find_pixels(size_t at) {
  if (at >= bytes_.size && !is_whole_) truncated("before the pixel data");
  while (at < bytes_.size) {
    auto head = read_head(bytes_, at, encoding_);
    has_pixels_ = head.tag == DcmTagKey(pixel_group, 0x0010);
    if (has_pixels_ || header_only_) {
      is_encapsulated_ = head.is_undefined_length();
      is_words_ = head.has_vr("OW") || head.vr[0] == 0;
      if (!header_only_) check_rest(is_encapsulated_ ? read_fragments(head.value) : read_native(head));
      return;
    }
    if (head.tag.getGroup() != pixel_group) return check_rest(at);
    if (head.tag.getElement() == 0x0001 && head.length <= bytes_.size - head.value)
      read_offsets({bytes_.data + head.value, head.length}, 8);
    at = DataSet(bytes_, encoding_, [](const char *, const std::string &) {}).skip_element(at);
  }
}

size_t cdcmtk_file::read_native(const Head &head) {
  if (head.length > bytes_.size - head.value) truncated("within the pixel data");
  pixels_ = {bytes_.data + head.value, head.length};
  return head.value + head.length;
}

size_t cdcmtk_file::read_fragments(size_t at) {
  size_t start = at;
  bool is_table = true;
  bool is_ended = walk_items(bytes_, at, encoding_, [&](size_t offset, size_t length) {
    View value{bytes_.data + offset, length};
    if (fragments_.size() == item_limit) throw Failure(CDCMTK_TOO_LARGE, "absurdly many fragments");
    if (!is_table) fragments_.push_back({offset - start, length});
    else if (length > 0) read_offsets(value, 4);
    is_table = false;
  });
  pixels_ = {bytes_.data + start, at - start};
  if (is_ended) return at;
  size_t left = bytes_.size - at;
  if (left < 8) truncated("within the pixel data: no sequence delimiter");
  auto head = read_head(bytes_, at, encoding_);
  bool is_item = head.tag == item_tag;
  if (is_item && !head.is_undefined_length()) truncated("within a fragment of the pixel data");
  // Zeros, the wrong delimiter or the next element in its place.
  bool is_filled = is_zero(bytes_.data + at, bytes_.data + bytes_.size);
  // Zeros that begin within a fragment are no padding: the rest of the pixels is missing.
  if (is_filled && !fragments_.empty()) {
    const auto &last = fragments_.back();
    if (is_filled_up({pixels_.data + last.offset, size_t(last.length)})) truncated("in zeros within the pixel data");
  }
  bool is_other = head.is_delimiter() || is_filled ||
                  may_follow(bytes_, at, encoding_, DcmTagKey(pixel_group, 0x0010));
  if (!is_other || fragments_.empty())
    throw Failure(CDCMTK_CORRUPT, "pixel data: " + head.name() + " where a fragment should begin");
  remark("missing_delimiter", "(7FE0,0010)");
  return head.is_delimiter() ? head.value : at;
}

// What follows the pixels is of no use; but where it is elements they are whole, or the file isn't.
void cdcmtk_file::check_rest(size_t at) {
  while (at < bytes_.size) {
    // Some writers pad the file with zeros to a multiple of their block size.
    if (is_zero(bytes_.data + at, bytes_.data + bytes_.size)) return;
    auto head = bytes_.size - at < 8 ? Head{} : read_head(bytes_, at, encoding_);
    // Signatures and padding are elements even where nothing else tells.
    bool is_tail = head.tag == DcmTagKey(0xfffa, 0xfffa) || head.tag == DcmTagKey(0xfffc, 0xfffc);
    if (head.is_delimiter() && !is_mended_) {
      remark("surplus_delimiter", "(7FE0,0010)");
      at = head.value;
    } else if (is_tail || may_follow(bytes_, at, encoding_, DcmTagKey(pixel_group, 0x0010))) {
      at = DataSet(bytes_, encoding_, [](const char *, const std::string &) {}).skip_element(at);
    } else if (is_mended_) {
      // The pixels may be those of an icon in a sequence whose end was guessed.
      throw Failure(CDCMTK_CORRUPT, "sequences without end");
    } else {
      return remark("bytes_after_end", std::to_string(bytes_.size - at));
    }
  }
}

void cdcmtk_file::read_offsets(View table, size_t width) {
  std::vector<uint64_t> offsets;
  for (size_t at = 0; at + width <= table.size; at += width) {
    uint64_t high = width == 8 ? little_endian_32(table.data + at + 4) : 0;
    offsets.push_back(high << 32 | little_endian_32(table.data + at));
  }
  frame_offsets_ = std::move(offsets);
}

void cdcmtk_file::remark(const char *code, const std::string &what) {
  auto line = code + (" " + what);
  // Once is enough, however often it occurs.
  if (said_.insert(line).second) remarks_ += (remarks_.empty() ? "" : "\n") + line;
}

cdcmtk_contents cdcmtk_file::contents() const {
  // The vendor's own syntax is implicit but for its pixels.
  bool is_big = encoding_ == EXS_BigEndianExplicit || transfer_syntax_ == private_ge;
  return {
    transfer_syntax_.c_str(), start_, elements_.data(), elements_.size(), encoding_ == EXS_LittleEndianImplicit,
    remarks_.c_str(), has_pixels_, is_encapsulated_, is_big, is_words_, pixels_.data, pixels_.size,
    fragments_.data(), fragments_.size(), frame_offsets_.data(), frame_offsets_.size()};
}

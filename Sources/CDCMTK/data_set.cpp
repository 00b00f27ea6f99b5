#include "data_set.hpp"

#include "output.hpp"

#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcelem.h"
#include "dcmtk/dcmdata/dcwcache.h"

namespace cdcmtk {

size_t DataSet::read_elements(size_t at) {
  transferInit();
  bool is_after_sequence = false;
  const size_t start = at;
  while (at < bytes_.size) {
    auto head = read_head(bytes_, at, encoding_);
    if (is_after_sequence && head.is_delimiter()) {
      remark_("surplus_delimiter", head.name());
      at = head.value;
      continue;
    }
    if (head.tag.getGroup() == 0xfffe)
      throw Failure(CDCMTK_CORRUPT, head.name() + " where an element should begin");
    if (head.tag.getGroup() >= pixel_group) break;
    // Before anything is made of it. What the file lacks is truncated rather than large.
    size_t length = head.is_undefined_length() ? 0 : head.length;
    bool is_there = length <= bytes_.size - head.value;
    if (is_there && head.value + length - start > header_limit) too_large();
    at = read_element(at, head);
    is_after_sequence = head.is_undefined_length() || head.has_vr("SQ");
  }
  return at;
}

size_t DataSet::read_element(size_t at, const Head &head) {
  if (!head.is_undefined_length()) {
    if (head.length > bytes_.size - head.value) truncated("within element " + head.name());
    size_t end = head.value + head.length;
    // What belongs into a file's head or a command says nothing here.
    if (head.tag.getGroup() > 0x0003 && read_value(head, end, head.vr).bad()) leave_out(head);
    return end;
  }
  // Only sequences may be undefined in length; an unknown one is implicit (PS3.5 section 6.2.2), in theory.
  OFCondition result = EC_IllegalCall;
  bool is_unknown = head.has_vr("UN");
  if (head.vr[0] == 0 || head.has_vr("SQ") || is_unknown) {
    result = read_value(head, bytes_.size, head.vr);
    if (result.bad() && is_unknown) {
      take_out(head);
      result = read_value(head, bytes_.size, "SQ");
      if (result.good()) remark_("explicit_in_unknown", head.name());
    }
    // A delimiter too many among the items ends the sequence for DCMTK.
    bool is_item = bytes_.size - stopped_ >= 8 && read_head(bytes_, stopped_, encoding_).tag == item_tag;
    if (result.good() && !is_item) return stopped_;
  }
  size_t after = head.value;
  if (walk_items(bytes_, after, encoding_, [](size_t, size_t) {})) {
    leave_out(head);
    return after;
  }
  return resume_after(head, result);
}

// Lets DCMTK read a value of representation `vr`.
OFCondition DataSet::read_value(const Head &head, size_t end, const char *vr) {
  DcmTag tag(head.tag);
  if (vr[0] != 0) tag.setVR(DcmVR(vr));
  else if (encoding_ == EXS_LittleEndianImplicit) checkAndUpdateVR(*this, tag);
  MemoryStream stream({bytes_.data + head.value, end - head.value}, &reads_);
  auto count = card();
  auto result = readSubElement(stream, tag, head.length, encoding_, EGL_noChange);
  // DCMTK misses bytes even where there are none to read.
  if (result == EC_EndOfStream && head.length == 0) result = EC_Normal;
  stopped_ = head.value + size_t(stream.tell());
  // A second element of one tag isn't put in.
  is_put_in_ = card() > count;
  if (stream.is_too_deep()) throw Failure(CDCMTK_CORRUPT, "sequences nested too deeply");
  if (stream.is_too_large()) too_large();
  return result;
}

// DCMTK puts an element in before it knows that it can read it.
void DataSet::take_out(const Head &head) {
  if (is_put_in_) delete remove(head.tag);
  is_put_in_ = false;
}

void DataSet::leave_out(const Head &head) {
  take_out(head);
  remark_("left_out", head.name());
}

// Looks for the element that follows a sequence whose end can't be told: where DCMTK missed a delimiter, or
// after one of those in it. The first from which the data set reads on to its pixels is right.
size_t DataSet::resume_after(const Head &head, const OFCondition &result) {
  size_t found = 0;
  if (result == EC_SequDelimitationItemMissing) found = resumption(stopped_ - 8, head);
  if (found != 0) {
    // What there is of it is whole.
    remark_("missing_delimiter", head.name());
    is_mended_ = true;
    return found;
  }
  bool is_big = encoding_ == EXS_BigEndianExplicit;
  const uint8_t little[] = {0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0}, big[] = {0xff, 0xfe, 0xe0, 0xdd, 0, 0, 0, 0};
  for (size_t at = head.value; found == 0 && attempts_ > 0 && at + 8 <= bytes_.size; ++at)
    if (std::memcmp(bytes_.data + at, is_big ? big : little, 8) == 0) found = resumption(at + 8, head);
  if (found == 0) {
    if (stopped_ == bytes_.size || result == EC_StreamNotifyClient || result == EC_InvalidStream)
      truncated("within element " + head.name());
    throw Failure(CDCMTK_CORRUPT, "element " + head.name() + ": " + result.text());
  }
  leave_out(head);
  is_mended_ = true;
  return found;
}

// `at`, or what follows zeros there that a delimiter was overwritten with, if the data set reads on from there;
// 0 if not.
size_t DataSet::resumption(size_t at, const Head &head) {
  static const uint8_t zeros[8] = {};
  for (int i = 0; i < 2 && at + 8 <= bytes_.size && std::memcmp(bytes_.data + at, zeros, 8) == 0; ++i) at += 8;
  if (!may_follow(bytes_, at, encoding_, head.tag) || attempts_-- <= 0) return 0;
  DataSet rest(bytes_, encoding_, [](const char *, const std::string &) {});
  rest.attempts_ = attempts_;
  try {
    if (rest.read_elements(at) == bytes_.size) at = 0;
  } catch (const Failure &) {
    at = 0;
  }
  attempts_ = rest.attempts_;
  return at;
}

size_t DataSet::skip_element(size_t at) {
  DataSet scratch(bytes_, encoding_, [](const char *, const std::string &) {});
  scratch.attempts_ = 0;
  return scratch.read_element(at, read_head(bytes_, at, encoding_));
}

Bytes DataSet::encoded() {
  // Icons may be compressed, which this encoding can't say.
  findAndDeleteElement(DCM_PixelData, OFTrue, OFTrue);
  for (unsigned long i = card(); i-- > 0;) {
    auto *element = getElement(i);
    if (element->canWriteXfer(EXS_LittleEndianExplicit, encoding_)) continue;
    remark_("left_out", element->getTag().toString().c_str());
    delete remove(i);
  }
  MemoryConsumer consumer;
  MemoryOutput stream(consumer);
  DcmWriteCache cache;
  transferInit();
  check(
    write(stream, EXS_LittleEndianExplicit, EET_ExplicitLength, &cache, EGL_withoutGL, EPD_withoutPadding),
    CDCMTK_CORRUPT, "data set");
  return std::move(consumer.bytes);
}

bool walk_items(
  View bytes, size_t &at, E_TransferSyntax encoding, const std::function<void(size_t, size_t)> &item) {
  while (bytes.size - at >= 8) {
    auto head = read_head(bytes, at, encoding);
    bool is_item = head.tag == item_tag;
    if (head.is_delimiter() && head.tag.getElement() == 0xe0dd) {
      at = head.value;
      return true;
    }
    if (!is_item || head.is_undefined_length() || head.length > bytes.size - head.value) return false;
    item(head.value, head.length);
    at = head.value + head.length;
  }
  return false;
}

}  // namespace cdcmtk

#include <cstring>

#include "element_header.hpp"
#include "failure.hpp"
#include "flat.hpp"
#include "text.hpp"

#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcelem.h"
#include "dcmtk/dcmdata/dcsequen.h"
#include "dcmtk/dcmdata/dcvrat.h"

namespace cdcmtk {

namespace {

using Buffer = std::vector<uint8_t>;

void append(Buffer &out, const void *bytes, size_t count) {
  auto *begin = static_cast<const uint8_t *>(bytes);
  out.insert(out.end(), begin, begin + count);
}

// The host is little-endian as the buffer is; no big-endian port exists.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

template <typename Number>
void append_number(Buffer &out, Number number) {
  append(out, &number, sizeof number);
}

template <typename Wide, typename Narrow>
void append_widened(Buffer &out, const Narrow *values, size_t count) {
  for (size_t i = 0; i < count; ++i) append_number(out, Wide(values[i]));
}

class Flattener {
 public:
  Flattener(Buffer &out, bool is_signed) : out_(out), is_signed_(is_signed) {}

  void item(DcmItem &item, TextCodec &outer) {
    OFString own;
    if (item.findAndGetOFStringArray(DCM_SpecificCharacterSet, own).good() && !own.empty()) {
      std::string character_set(own.data(), own.size());
      if (character_set != outer.character_set()) {
        TextCodec codec(character_set);
        return elements(item, codec);
      }
    }
    elements(item, outer);
  }

 private:
  void elements(DcmItem &item, TextCodec &codec) {
    DcmObject *object = nullptr;
    while ((object = item.nextInContainer(object))) {
      auto tag = object->getTag().getXTag();
      bool is_group_length = tag.getElement() == 0 && tag.getGroup() != 0;
      if (is_group_length || tag == DCM_PixelData || tag.getGroup() == 0xfffc) continue;
      element(static_cast<DcmElement &>(*object), tag, codec);
    }
  }

  void element(DcmElement &element, const DcmTagKey &tag, TextCodec &codec) {
    auto vr = vr_of(element);
    append_number(out_, uint16_t(tag.getGroup()));
    append_number(out_, uint16_t(tag.getElement()));
    out_.push_back(uint8_t(vr >> 8));
    out_.push_back(uint8_t(vr));
    auto kind_at = out_.size();
    append_number(out_, uint16_t(0));
    auto length_at = out_.size();
    append_number(out_, uint32_t(0));
    out_[kind_at] = value(element, vr, codec);
    auto length = out_.size() - length_at - 4;
    if (length > UINT32_MAX)
      throw Failure(
        CDCMTK_TOO_LARGE, describe(uint32_t(tag.getGroup()) << 16 | tag.getElement()) + ": value too long");
    auto length32 = uint32_t(length);
    std::memcpy(&out_[length_at], &length32, 4);
  }

  // One of the representations of PS3.5; DCMTK's internal ones are resolved.
  uint16_t vr_of(DcmElement &element) {
    if (element.ident() == EVR_SQ) return code("SQ");
    auto evr = element.getTag().getEVR();
    if (evr == EVR_xs) return is_signed_ ? code("SS") : code("US");
    if (evr == EVR_lt || evr == EVR_ox || evr == EVR_px) {
      // As the element is held: 16-bit numbers, or words.
      return element.ident() == EVR_US ? code("US") : element.ident() == EVR_OB ? code("OB") : code("OW");
    }
    const char *name = DcmVR(evr).getValidVRName();
    auto vr = uint16_t(uint8_t(name[0]) << 8 | uint8_t(name[1]));
    return is_known_vr(vr) ? vr : code("UN");
  }

  uint8_t value(DcmElement &element, uint16_t vr, TextCodec &codec) {
    switch (vr) {
      case code("SQ"): return items(element, codec);
      case code("US"): return words(element, false);
      case code("SS"): return words(element, true);
      case code("UL"): return numbers<int64_t, Uint32, &DcmElement::getUint32Array>(element, CDCMTK_INTEGERS);
      case code("SL"): return numbers<int64_t, Sint32, &DcmElement::getSint32Array>(element, CDCMTK_INTEGERS);
      case code("UV"): return numbers<int64_t, Uint64, &DcmElement::getUint64Array>(element, CDCMTK_INTEGERS);
      case code("SV"): return numbers<int64_t, Sint64, &DcmElement::getSint64Array>(element, CDCMTK_INTEGERS);
      case code("FL"):
        return numbers<double, Float32, &DcmElement::getFloat32Array>(element, CDCMTK_DECIMALS);
      case code("FD"):
        return numbers<double, Float64, &DcmElement::getFloat64Array>(element, CDCMTK_DECIMALS);
      case code("AT"): return tags(element);
      case code("OW"): return bytes<Uint16, &DcmElement::getUint16Array>(element);
      case code("OF"): return bytes<Float32, &DcmElement::getFloat32Array>(element);
      case code("OD"): return bytes<Float64, &DcmElement::getFloat64Array>(element);
      case code("OL"): return bytes<Uint32, &DcmElement::getUint32Array>(element);
      case code("OV"): return bytes<Uint64, &DcmElement::getUint64Array>(element);
      case code("OB"):
      case code("UN"): return bytes<Uint8, &DcmElement::getUint8Array>(element);
      default: return text(element, vr, codec);
    }
  }

  uint8_t items(DcmElement &element, TextCodec &codec) {
    auto &sequence = static_cast<DcmSequenceOfItems &>(element);
    DcmObject *object = nullptr;
    while ((object = sequence.nextInContainer(object))) {
      auto length_at = out_.size();
      append_number(out_, uint32_t(0));
      item(static_cast<DcmItem &>(*object), codec);
      auto length = out_.size() - length_at - 4;
      if (length > UINT32_MAX) throw Failure(CDCMTK_TOO_LARGE, "sequence item too long");
      auto length32 = uint32_t(length);
      std::memcpy(&out_[length_at], &length32, 4);
    }
    return CDCMTK_ITEMS;
  }

  // An element whose representation the dictionary left open may be held either way.
  uint8_t words(DcmElement &element, bool is_signed) {
    if (is_signed && element.ident() == EVR_SS)
      return numbers<int64_t, Sint16, &DcmElement::getSint16Array>(element, CDCMTK_INTEGERS);
    Uint16 *values = nullptr;
    size_t count = element.getLength() / 2;
    if (count > 0 && element.getUint16Array(values).good() && values != nullptr) {
      for (size_t i = 0; i < count; ++i)
        append_number(out_, is_signed ? int64_t(int16_t(values[i])) : int64_t(values[i]));
    }
    return CDCMTK_INTEGERS;
  }

  template <typename Wide, typename Narrow, OFCondition (DcmElement::*get)(Narrow *&)>
  uint8_t numbers(DcmElement &element, uint8_t kind) {
    Narrow *values = nullptr;
    size_t count = element.getLength() / sizeof(Narrow);
    if (count > 0 && (element.*get)(values).good() && values != nullptr)
      append_widened<Wide>(out_, values, count);
    return kind;
  }

  template <typename Unit, OFCondition (DcmElement::*get)(Unit *&)>
  uint8_t bytes(DcmElement &element) {
    Unit *values = nullptr;
    size_t count = element.getLength() / sizeof(Unit);
    if (count > 0 && (element.*get)(values).good() && values != nullptr)
      append(out_, values, count * sizeof(Unit));
    return CDCMTK_BYTES;
  }

  uint8_t tags(DcmElement &element) {
    DcmTagKey value;
    auto &attribute = static_cast<DcmAttributeTag &>(element);
    for (unsigned long i = 0; i < element.getVM(); ++i)
      if (attribute.getTagVal(value, i).good())
        append_number(out_, int64_t(value.getGroup()) << 16 | value.getElement());
    return CDCMTK_INTEGERS;
  }

  uint8_t text(DcmElement &element, uint16_t vr, TextCodec &codec) {
    char *value = nullptr;
    Uint32 length = 0;
    if (element.getString(value, length).bad() || value == nullptr) return CDCMTK_TEXT;
    std::string bytes(value, length);
    while (!bytes.empty() && bytes.back() == 0) bytes.pop_back();
    if (is_plain(bytes)) {
      append(out_, bytes.data(), bytes.size());
      return CDCMTK_TEXT;
    }
    const char *delimiters = text_delimiters(vr);
    if (delimiters == nullptr) {
      auto repaired = is_utf8(bytes) ? bytes : utf8_from_latin1(bytes);
      append(out_, repaired.data(), repaired.size());
      return CDCMTK_TEXT;
    }
    auto decoded = codec.decode(bytes, delimiters);
    const auto &name = codec.character_set();
    append_number(out_, uint32_t(name.size()));
    append(out_, name.data(), name.size());
    append_number(out_, uint32_t(decoded.size()));
    append(out_, decoded.data(), decoded.size());
    append(out_, bytes.data(), bytes.size());
    return CDCMTK_ENCODED_TEXT;
  }

  Buffer &out_;
  bool is_signed_;
};

}  // namespace

const char *text_delimiters(uint16_t vr) {
  switch (vr) {
    case code("PN"): return "\\^=";
    case code("LO"):
    case code("SH"):
    case code("UC"): return "\\";
    case code("LT"):
    case code("ST"):
    case code("UT"): return "";
    default: return nullptr;
  }
}

std::vector<uint8_t> flatten(DcmItem &data_set) {
  Buffer out;
  out.reserve(16 << 10);
  Uint16 pixel_representation = 0;
  data_set.findAndGetUint16(DCM_PixelRepresentation, pixel_representation);
  TextCodec ascii("");
  Flattener(out, pixel_representation == 1).item(data_set, ascii);
  return out;
}

}  // namespace cdcmtk

#include <cstring>

#include "element_header.hpp"
#include "failure.hpp"
#include "flat.hpp"
#include "text.hpp"

#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcelem.h"
#include "dcmtk/dcmdata/dcsequen.h"
#include "dcmtk/dcmdata/dcvrat.h"
#include "dcmtk/dcmdata/dcvrov.h"
#include "dcmtk/dcmdata/dcvrsv.h"
#include "dcmtk/dcmdata/dcvruv.h"

namespace cdcmtk {

namespace {

// The Specific Character Set can't hold the text.
struct Unencodable {};

struct View {
  const uint8_t *at;
  size_t length;

  const uint8_t *take(size_t count) {
    if (count > length) throw Failure(CDCMTK_CANNOT_WRITE, "flat data set ends too early");
    auto *taken = at;
    at += count;
    length -= count;
    return taken;
  }

  template <typename Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }

  View part(size_t count) { return {take(count), count}; }

  std::string text(size_t count) { return {reinterpret_cast<const char *>(take(count)), count}; }
};

struct FlatElement {
  DcmTagKey tag;
  uint16_t vr;
  uint8_t kind;
  View payload;
};

FlatElement next(View &view) {
  auto group = view.number<uint16_t>();
  auto element = view.number<uint16_t>();
  auto *vr = view.take(2);
  auto kind = *view.take(1);
  view.take(1);
  auto length = view.number<uint32_t>();
  return {DcmTagKey(group, element), uint16_t(vr[0] << 8 | vr[1]), kind, view.part(length)};
}

// `null_terminated` text of a plain element of the same level, such as Specific Character Set.
std::string find_text(View elements, const DcmTagKey &tag, const std::string &otherwise) {
  while (elements.length > 0) {
    auto element = next(elements);
    if (element.tag == tag && element.kind == CDCMTK_TEXT)
      return element.payload.text(element.payload.length);
  }
  return otherwise;
}

class Unflattener {
 public:
  explicit Unflattener(bool force_utf8) : force_utf8_(force_utf8) {}

  void item(View elements, DcmItem &item, const std::string &outer_character_set) {
    auto name =
      force_utf8_ ? "ISO_IR 192" : find_text(elements, DCM_SpecificCharacterSet, outer_character_set);
    TextCodec codec(name);
    while (elements.length > 0) {
      auto flat = next(elements);
      if (force_utf8_ && flat.tag == DCM_SpecificCharacterSet) continue;
      auto name_of_tag = describe(uint32_t(flat.tag.getGroup()) << 16 | flat.tag.getElement());
      char vr_name[3] = {char(flat.vr >> 8), char(flat.vr), 0};
      DcmElement *created = nullptr;
      check(
        DcmItem::newDicomElementWithVR(created, DcmTag(flat.tag, DcmVR(vr_name))), CDCMTK_CANNOT_WRITE,
        name_of_tag.c_str());
      std::unique_ptr<DcmElement> element(created);
      try {
        fill(*element, flat, codec);
      } catch (const Failure &failure) {
        throw Failure(failure.reason, name_of_tag + ": " + failure.message, failure.toolkit_code);
      }
      check(item.insert(element.get(), OFTrue), CDCMTK_CANNOT_WRITE, "inserting an element");
      element.release();
    }
  }

 private:
  void fill(DcmElement &element, const FlatElement &flat, TextCodec &codec) {
    View payload = flat.payload;
    switch (flat.kind) {
      case CDCMTK_TEXT: return put_text(element, flat.vr, payload.text(payload.length), codec);
      case CDCMTK_ENCODED_TEXT: return put_encoded_text(element, flat.vr, payload, codec);
      case CDCMTK_INTEGERS: return put_integers(element, flat.vr, payload);
      case CDCMTK_DECIMALS: return put_decimals(element, flat.vr, payload);
      case CDCMTK_BYTES: return put_bytes(element, flat.vr, payload);
      case CDCMTK_ITEMS: return put_items(element, payload, codec);
      default: throw Failure(CDCMTK_CANNOT_WRITE, "unknown kind of value");
    }
  }

  void put_text(DcmElement &element, uint16_t vr, std::string text, TextCodec &codec) {
    if (text_delimiters(vr) != nullptr && !is_plain(text)) {
      std::string encoded;
      if (!codec.encode(text, encoded)) throw Unencodable();
      text = std::move(encoded);
    }
    check(element.putString(text.data(), Uint32(text.size())), CDCMTK_CANNOT_WRITE, "text");
  }

  void put_encoded_text(DcmElement &element, uint16_t vr, View payload, TextCodec &codec) {
    auto character_set = payload.text(payload.number<uint32_t>());
    auto text = payload.text(payload.number<uint32_t>());
    if (character_set != codec.character_set()) return put_text(element, vr, std::move(text), codec);
    check(
      element.putString(reinterpret_cast<const char *>(payload.at), Uint32(payload.length)),
      CDCMTK_CANNOT_WRITE, "text");
  }

  template <typename Narrow, auto put, typename Element>
  void put_narrowed(Element &element, View payload) {
    std::vector<Narrow> values;
    while (payload.length > 0) {
      auto wide = payload.number<int64_t>();
      auto narrow = Narrow(wide);
      if (int64_t(narrow) != wide) throw Failure(CDCMTK_CANNOT_WRITE, "integer out of range");
      values.push_back(narrow);
    }
    check((element.*put)(values.data(), values.size()), CDCMTK_CANNOT_WRITE, "integers");
  }

  void put_integers(DcmElement &element, uint16_t vr, View payload) {
    if (payload.length == 0) return;
    switch (vr) {
      case code("US"): return put_narrowed<Uint16, &DcmElement::putUint16Array>(element, payload);
      case code("SS"): return put_narrowed<Sint16, &DcmElement::putSint16Array>(element, payload);
      case code("UL"): return put_narrowed<Uint32, &DcmElement::putUint32Array>(element, payload);
      case code("SL"): return put_narrowed<Sint32, &DcmElement::putSint32Array>(element, payload);
      case code("UV"):
        return put_narrowed<Uint64, &DcmUnsigned64bitVeryLong::putUint64Array>(
          static_cast<DcmUnsigned64bitVeryLong &>(element), payload);
      case code("SV"):
        return put_narrowed<Sint64, &DcmSigned64bitVeryLong::putSint64Array>(
          static_cast<DcmSigned64bitVeryLong &>(element), payload);
      case code("AT"): {
        auto &attribute = static_cast<DcmAttributeTag &>(element);
        for (unsigned long i = 0; payload.length > 0; ++i) {
          auto number = payload.number<int64_t>();
          check(
            attribute.putTagVal(DcmTagKey(Uint16(number >> 16), Uint16(number)), i), CDCMTK_CANNOT_WRITE,
            "tag");
        }
        return;
      }
      default: throw Failure(CDCMTK_CANNOT_WRITE, "integers under another representation");
    }
  }

  void put_decimals(DcmElement &element, uint16_t vr, View payload) {
    std::vector<double> values(payload.length / sizeof(double));
    std::memcpy(values.data(), payload.at, values.size() * sizeof(double));
    if (values.empty()) return;
    if (vr == code("FL")) {
      std::vector<Float32> singles(values.begin(), values.end());
      check(element.putFloat32Array(singles.data(), singles.size()), CDCMTK_CANNOT_WRITE, "decimals");
    } else {
      check(element.putFloat64Array(values.data(), values.size()), CDCMTK_CANNOT_WRITE, "decimals");
    }
  }

  template <typename Unit, auto put, typename Element>
  void put_units(Element &element, View payload) {
    std::vector<Unit> units((payload.length + sizeof(Unit) - 1) / sizeof(Unit));
    if (units.empty()) return;
    std::memcpy(units.data(), payload.at, payload.length);
    check((element.*put)(units.data(), units.size()), CDCMTK_CANNOT_WRITE, "bytes");
  }

  void put_bytes(DcmElement &element, uint16_t vr, View payload) {
    switch (vr) {
      case code("OW"): return put_units<Uint16, &DcmElement::putUint16Array>(element, payload);
      case code("OF"): return put_units<Float32, &DcmElement::putFloat32Array>(element, payload);
      case code("OD"): return put_units<Float64, &DcmElement::putFloat64Array>(element, payload);
      case code("OL"): return put_units<Uint32, &DcmElement::putUint32Array>(element, payload);
      case code("OV"):
        return put_units<Uint64, &DcmUnsigned64bitVeryLong::putUint64Array>(
          static_cast<DcmUnsigned64bitVeryLong &>(element), payload);
      default: return put_units<Uint8, &DcmElement::putUint8Array>(element, payload);
    }
  }

  void put_items(DcmElement &element, View payload, TextCodec &codec) {
    auto &sequence = static_cast<DcmSequenceOfItems &>(element);
    while (payload.length > 0) {
      auto length = payload.number<uint32_t>();
      auto created = std::make_unique<DcmItem>();
      item(payload.part(length), *created, codec.character_set());
      check(sequence.append(created.get()), CDCMTK_CANNOT_WRITE, "appending an item");
      created.release();
    }
  }

  bool force_utf8_;
};

}  // namespace

void unflatten(const uint8_t *elements, size_t length, DcmItem &data_set) {
  try {
    Unflattener(false).item({elements, length}, data_set, "");
  } catch (const Unencodable &) {
    data_set.clear();
    Unflattener(true).item({elements, length}, data_set, "ISO_IR 192");
    check(
      data_set.putAndInsertString(DCM_SpecificCharacterSet, "ISO_IR 192"), CDCMTK_CANNOT_WRITE,
      "Specific Character Set");
  }
}

}  // namespace cdcmtk

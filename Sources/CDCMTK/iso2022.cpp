#include "iso2022.hpp"

#include <cstring>
#include <map>
#include <memory>

#include "iconv_converter.hpp"

namespace cdcmtk {

namespace {

// A coded character set that can be designated to G0 (bytes below 128) or G1 (above).
struct CodedSet {
  const char *term;    // number of the defined term
  const char *escape;  // what follows ESC
  bool is_g1;
  int width;             // bytes of a character
  const char *encoding;  // of the C library, null for ASCII
  const char *prefix;    // before each character in that encoding
};

constexpr CodedSet coded_sets[] = {
  {"6", "(B", false, 1, nullptr, ""},
  // The yen sign and the overline of JIS X 0201 are taken for the backslash and the tilde, as everybody does.
  {"13", "(J", false, 1, nullptr, ""},
  {"13", ")I", true, 1, "EUC-JP", "\x8e"},
  {"87", "$B", false, 2, "EUC-JP", ""},
  {"159", "$(D", false, 2, "EUC-JP", "\x8f"},
  {"149", "$)C", true, 2, "EUC-KR", ""},
  {"58", "$)A", true, 2, "EUC-CN", ""},
  {"100", "-A", true, 1, "ISO-8859-1", ""},
  {"101", "-B", true, 1, "ISO-8859-2", ""},
  {"109", "-C", true, 1, "ISO-8859-3", ""},
  {"110", "-D", true, 1, "ISO-8859-4", ""},
  {"126", "-F", true, 1, "ISO-8859-7", ""},
  {"127", "-G", true, 1, "ISO-8859-6", ""},
  {"138", "-H", true, 1, "ISO-8859-8", ""},
  {"144", "-L", true, 1, "ISO-8859-5", ""},
  {"148", "-M", true, 1, "ISO-8859-9", ""},
  {"166", "-T", true, 1, "TIS-620", ""},
  {"203", "-b", true, 1, "ISO-8859-15", ""},
};

const CodedSet *const ascii = &coded_sets[0];

const CodedSet *set_of_escape(const char *at, size_t left) {
  for (const auto &set : coded_sets) {
    auto length = std::strlen(set.escape);
    if (length <= left && std::memcmp(at, set.escape, length) == 0) return &set;
  }
  return nullptr;
}

// What G1 holds before any escape: the first set named that goes there. Korean text often comes without
// escapes.
const CodedSet *initial_g1(const std::vector<std::string> &terms) {
  for (const auto &term : terms) {
    auto number = term.substr(term.find_last_not_of("0123456789") + 1);
    for (const auto &set : coded_sets)
      if (set.is_g1 && number == set.term) return &set;
  }
  return nullptr;
}

class Converters {
 public:
  IconvConverter &from(const char *encoding) {
    auto &converter = converters_[encoding];
    if (!converter) converter = std::make_unique<IconvConverter>(encoding, "UTF-8");
    return *converter;
  }

 private:
  std::map<std::string, std::unique_ptr<IconvConverter>> converters_;
};

}  // namespace

bool decode_iso2022(
  const std::string &bytes, const std::vector<std::string> &terms, const char *delimiters,
  std::string &utf8) {
  Converters converters;
  const CodedSet *const g1_at_start = initial_g1(terms);
  const CodedSet *g0 = ascii, *g1 = g1_at_start;
  for (size_t at = 0; at < bytes.size();) {
    char byte = bytes[at];
    if (byte == 0x1b) {
      auto *set = set_of_escape(bytes.data() + at + 1, bytes.size() - at - 1);
      if (set == nullptr) return false;
      (set->is_g1 ? g1 : g0) = set;
      at += 1 + std::strlen(set->escape);
      continue;
    }
    bool is_high = (byte & 0x80) != 0;
    // Controls and the space stand for themselves in every set.
    const CodedSet *set = is_high ? g1 : (byte > 0x20 ? g0 : ascii);
    if (set == nullptr) return false;
    if (set->encoding == nullptr) {
      utf8 += byte;
      at += 1;
      bool is_line_end = byte == '\r' || byte == '\n' || byte == '\f' || byte == '\t';
      if (is_line_end || std::strchr(delimiters, byte) != nullptr) {
        g0 = ascii;
        g1 = g1_at_start;
      }
      continue;
    }
    if (at + size_t(set->width) > bytes.size()) return false;
    std::string character = set->prefix;
    for (int i = 0; i < set->width; ++i) character += char(bytes[at + size_t(i)] | 0x80);
    if (!converters.from(set->encoding).convert(character, utf8)) return false;
    at += size_t(set->width);
  }
  return true;
}

}  // namespace cdcmtk

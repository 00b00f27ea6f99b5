#include "text.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "iconv_converter.hpp"
#include "iso2022.hpp"

namespace cdcmtk {

namespace {

// Undoes common misspellings of defined terms: "ISO-IR 100", "ISO_IR_100", "utf-8", "ISO 8859-1".
std::string corrected_term(std::string term) {
  term.erase(0, term.find_first_not_of(' '));
  term.erase(term.find_last_not_of(" ") + 1);
  std::transform(term.begin(), term.end(), term.begin(), [](unsigned char c) { return std::toupper(c); });
  if (term == "UTF-8" || term == "UTF8" || term == "ISO IR 192") return "ISO_IR 192";
  if (term.rfind("ISO", 0) != 0) return term;
  auto digits = term.find_last_not_of("0123456789") + 1;
  auto number = term.substr(digits);
  if (term.rfind("ISO 2022", 0) == 0 || term.rfind("ISO-2022", 0) == 0 || term.rfind("ISO_2022", 0) == 0)
    return "ISO 2022 IR " + number;
  if (term.find("8859") != std::string::npos) return number == "1" ? "ISO_IR 100" : term;
  return term.find("IR") != std::string::npos ? "ISO_IR " + number : term;
}

std::vector<std::string> corrected_terms(const std::string &character_set) {
  std::vector<std::string> terms;
  for (size_t at = 0;;) {
    auto end = character_set.find('\\', at);
    terms.push_back(corrected_term(character_set.substr(at, end == std::string::npos ? end : end - at)));
    if (end == std::string::npos) return terms;
    at = end + 1;
  }
}

// The C library's name of an encoding without code extensions; null where the terms say otherwise.
const char *whole_encoding(const std::vector<std::string> &terms) {
  if (terms.size() != 1) return nullptr;
  if (terms[0] == "ISO_IR 192") return "UTF-8";
  if (terms[0] == "GB18030") return "GB18030";
  if (terms[0] == "GBK" || terms[0] == "GB2312") return "GBK";
  return nullptr;
}

// The encoding of a single-byte set that text can be written in; null for any other.
const char *single_byte_encoding(const std::vector<std::string> &terms) {
  static const struct {
    const char *term, *encoding;
  } known[] = {
    {"ISO_IR 100", "ISO-8859-1"}, {"ISO_IR 101", "ISO-8859-2"},  {"ISO_IR 109", "ISO-8859-3"},
    {"ISO_IR 110", "ISO-8859-4"}, {"ISO_IR 126", "ISO-8859-7"},  {"ISO_IR 127", "ISO-8859-6"},
    {"ISO_IR 138", "ISO-8859-8"}, {"ISO_IR 144", "ISO-8859-5"},  {"ISO_IR 148", "ISO-8859-9"},
    {"ISO_IR 166", "TIS-620"},    {"ISO_IR 203", "ISO-8859-15"},
  };
  if (terms.size() == 1)
    for (const auto &entry : known)
      if (terms[0] == entry.term) return entry.encoding;
  return nullptr;
}

}  // namespace

bool is_plain(const std::string &bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](char c) { return c == 0x1b || (c & 0x80) != 0; });
}

bool is_utf8(const std::string &bytes) {
  for (size_t at = 0; at < bytes.size();) {
    auto first = uint8_t(bytes[at]);
    int following = first < 0x80 ? 0 : first >> 5 == 6 ? 1 : first >> 4 == 14 ? 2 : first >> 3 == 30 ? 3 : -1;
    if (following < 0 || at + size_t(following) >= bytes.size()) return false;
    uint32_t scalar = following == 0 ? first : first & (0x3f >> following);
    for (int i = 1; i <= following; ++i) {
      auto next = uint8_t(bytes[at + size_t(i)]);
      if (next >> 6 != 2) return false;
      scalar = scalar << 6 | (next & 0x3f);
    }
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (scalar < least[following] || scalar > 0x10ffff || (scalar >= 0xd800 && scalar < 0xe000)) return false;
    at += size_t(following) + 1;
  }
  return true;
}

std::string utf8_from_latin1(const std::string &bytes) {
  std::string text;
  for (char c : bytes) {
    auto byte = uint8_t(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += char(0xc0 | byte >> 6);
      text += char(0x80 | (byte & 0x3f));
    }
  }
  return text;
}

TextCodec::TextCodec(std::string character_set)
    : character_set_(std::move(character_set)), terms_(corrected_terms(character_set_)) {}

std::string TextCodec::decode(const std::string &bytes, const char *delimiters) {
  if (is_plain(bytes)) return bytes;
  std::string text;
  auto *encoding = whole_encoding(terms_);
  bool is_decoded = encoding != nullptr ? IconvConverter(encoding, "UTF-8").convert(bytes, text)
                                        : decode_iso2022(bytes, terms_, delimiters, text);
  if (is_decoded) return text;
  return is_utf8(bytes) ? bytes : utf8_from_latin1(bytes);
}

bool TextCodec::encode(const std::string &utf8, std::string &bytes) {
  bytes.clear();
  auto *encoding = whole_encoding(terms_);
  if (encoding == nullptr) encoding = single_byte_encoding(terms_);
  if (is_plain(utf8)) {
    bytes = utf8;
    return true;
  }
  return encoding != nullptr && IconvConverter("UTF-8", encoding).convert(utf8, bytes);
}

}  // namespace cdcmtk

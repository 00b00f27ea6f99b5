// Text between Specific Character Sets (PS3.3 section C.12.1.1.2) and UTF-8.
#pragma once

#include <string>
#include <vector>

namespace cdcmtk {

// Neither a byte above 127 nor an escape: the same in every character set of DICOM.
bool is_plain(const std::string &bytes);

bool is_utf8(const std::string &bytes);

// Every byte a character of ISO 8859-1.
std::string utf8_from_latin1(const std::string &bytes);

// Decodes and encodes text under one Specific Character Set.
class TextCodec {
 public:
  // `character_set`: the attribute's values joined by backslashes.
  explicit TextCodec(std::string character_set);

  const std::string &character_set() const { return character_set_; }

  // UTF-8. Bytes that contradict the character set are taken for UTF-8 where they are, for ISO 8859-1
  // otherwise: a name that can be read is better than none. `delimiters` reset the escapes of ISO 2022.
  std::string decode(const std::string &bytes, const char *delimiters);

  // False where the character set can't hold the text, or has code extensions.
  bool encode(const std::string &utf8, std::string &bytes);

 private:
  std::string character_set_;
  std::vector<std::string> terms_;  // corrected
};

}  // namespace cdcmtk

// Text with code extensions (PS3.5 section 6.1.2.5). DCMTK asks for encodings by names that the GNU C library
// doesn't have for Japanese, so the escape sequences are followed here.
#pragma once

#include <string>
#include <vector>

namespace cdcmtk {

// UTF-8 of `bytes` under `terms`, corrected defined terms of Specific Character Set. `delimiters` end the
// reach of an escape sequence. False where a byte has no meaning.
bool decode_iso2022(
  const std::string &bytes, const std::vector<std::string> &terms, const char *delimiters, std::string &utf8);

}  // namespace cdcmtk

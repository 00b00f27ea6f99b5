// Deflated data sets (PS3.5 section A.5).
#pragma once

#include "input.hpp"

namespace cdcmtk {

// Throws where the stream is damaged or cut short, which DCMTK's own filter makes up for with zeros. The
// `beginning` of one may end anywhere.
Bytes inflate(View deflated, bool is_beginning);

}  // namespace cdcmtk

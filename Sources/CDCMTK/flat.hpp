// Data sets to and from the flat buffer of cdcmtk.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmdata/dcitem.h"

namespace cdcmtk {

// Text is converted to UTF-8, pixel data is left out.
std::vector<uint8_t> flatten(DcmItem &data_set);

// Fills `data_set`; text goes into the data set's Specific Character Set where that can hold it, otherwise
// the whole data set becomes UTF-8 (ISO_IR 192).
void unflatten(const uint8_t *elements, size_t length, DcmItem &data_set);

// The delimiters that end an escape sequence's reach within values of a representation; null where the
// character set doesn't apply to it.
const char *text_delimiters(uint16_t vr);

}  // namespace cdcmtk

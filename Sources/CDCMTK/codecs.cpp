#include "codecs.hpp"

#include "dcmtk/dcmdata/dcuid.h"

namespace cdcmtk {

Codec codec_of(const std::string &uid) {
  static const struct {
    const char *uid;
    Codec codec;
  } known[] = {
    {UID_RLELosslessTransferSyntax, Codec::rle},
    {UID_JPEGProcess1TransferSyntax, Codec::jpeg},
    {UID_JPEGProcess2_4TransferSyntax, Codec::jpeg},
    {UID_JPEGProcess14TransferSyntax, Codec::jpeg},
    {UID_JPEGProcess14SV1TransferSyntax, Codec::jpeg},
    {UID_JPEGLSLosslessTransferSyntax, Codec::jpeg_ls},
    {UID_JPEGLSLossyTransferSyntax, Codec::jpeg_ls},
    {UID_JPEG2000LosslessOnlyTransferSyntax, Codec::jpeg2000},
    {UID_JPEG2000TransferSyntax, Codec::jpeg2000},
    {"1.2.840.10008.1.2.4.201", Codec::jpeg2000},  // high-throughput, lossless only
    {"1.2.840.10008.1.2.4.202", Codec::jpeg2000},  // the same with RPCL options
    {"1.2.840.10008.1.2.4.203", Codec::jpeg2000},
  };
  for (const auto &entry : known)
    if (uid == entry.uid) return entry.codec;
  return Codec::unknown;
}

}  // namespace cdcmtk

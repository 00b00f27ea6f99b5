import ArgumentParser
import DICOMNetwork

/// How commands call a DICOM node.
struct NodeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("What this side calls itself.", valueName: "aetitle"))
  var calling = "MMDICOM"

  @Option(help: ArgumentHelp("Seconds to wait for a connection, and for each answer.", valueName: "s"))
  var timeout = 30.0

  @Option(help: ArgumentHelp("With dicom-tls://: certificate to show, PEM.", valueName: "file"))
  var tlsCertificate: String?

  @Option(help: ArgumentHelp("Its key; by default in the same file.", valueName: "file"))
  var tlsKey: String?

  @Option(
    help: ArgumentHelp(
      "An authority to trust, PEM; several times. By default those of the system.", valueName: "file"))
  var tlsAuthority: [String] = []

  @Option(
    help: ArgumentHelp(
      "full: an authority has signed the peer's certificate, and it names the host; authority: the first only; none.",
      valueName: "how"))
  var tlsVerify = "full"

  func validate() throws {
    guard DICOMAddress.isAETitle(calling) else {
      throw ValidationError("--calling '\(calling)' is no AE title: 1 to 16 characters, no backslash")
    }
    guard timeout > 0, timeout <= 86400 else { throw ValidationError("--timeout must be from 0 to 86400") }
    guard TLSSettings.Verification(rawValue: tlsVerify) != nil else {
      throw ValidationError("--tls-verify must be full, authority or none")
    }
    guard tlsKey == nil || tlsCertificate != nil else {
      throw ValidationError("--tls-key needs --tls-certificate")
    }
  }

  var association: AssociationOptions {
    AssociationOptions(
      callingAETitle: calling,
      tls: TLSSettings(
        certificate: tlsCertificate, key: tlsKey, authorities: tlsAuthority,
        verification: TLSSettings.Verification(rawValue: tlsVerify) ?? .full),
      connectSeconds: timeout, answerSeconds: timeout)
  }
}

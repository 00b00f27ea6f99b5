import ArgumentParser
import DICOMNetwork
import FoundationEssentials

/// `mmdicom echo`: asks a DICOM node whether it is there.
struct EchoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo", abstract: "Ask a DICOM node whether it is there (C-ECHO).",
    discussion: """
      dicom://AETITLE@HOST:PORT, or dicom-tls://AETITLE@HOST:PORT with the certificates that the options name. \
      Exit status: 0, 1 when it doesn't answer or not well, 64 usage.
      """)

  @Argument(help: ArgumentHelp("The node.", valueName: "address")) var address: String
  @OptionGroup var node: NodeOptions
  @Flag(help: "Print one JSON document.") var json = false

  private struct Document: Encodable {
    let address: String
    var status: String?
    var error: String?
    var reason: String?
    var seconds: Double?
  }

  func run() throws {
    let address: DICOMAddress
    do throws(DICOMAddressError) { address = try DICOMAddress(self.address) } catch {
      Terminal.complain(error.description)
      throw ExitCode(CommandFailure.Status.usage.rawValue)
    }
    let begun = ContinuousClock.now
    var document = Document(address: address.description)
    do throws(NetworkFailure) {
      document.status = try PeerProbe.echo(address, node.association).description
      document.seconds = (begun.duration(to: .now) / .milliseconds(1)).rounded(.down) / 1000
    } catch {
      document.error = error.description
      document.reason = error.kind.rawValue
    }
    let isWell = document.status == DIMSEStatus.success.description
    if json {
      Terminal.result(JSONDocument.text(document) + "\n")
    } else if isWell {
      Terminal.result("\(address): answers\n")
    }
    guard isWell else {
      let why = document.error ?? "it answers with status \(document.status ?? "")"
      Terminal.complain("\(address): \(why)")
      throw ExitCode.someInputsFailed
    }
  }
}

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a peer whether it is there, and gives it nothing.
package enum PeerProbe {
  /// C-ECHO; blocks as ``Association`` does.
  package static func echo(
    _ address: DICOMAddress, _ options: AssociationOptions
  ) throws(NetworkFailure) -> DIMSEStatus {
    var association = try Association.open(address, for: [.verification], options)
    let status = try association.echo()
    association.release()
    return status
  }

  /// The status with which a web server answers OPTIONS. Any will do: what it is asked for later has other rights.
  package static func web(
    _ url: String, tls: TLSSettings, seconds: Double
  ) async throws(PeerTrouble) -> Int {
    let limit = TimeAmount.nanoseconds(Int64(seconds * 1e9))
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: try tls.clientConfiguration(), redirectConfiguration: .disallow,
      timeout: .init(connect: limit, read: limit, write: limit))
    configuration.httpVersion = .http1Only
    configuration.connectionPool.retryConnectionEstablishment = false
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    var request = HTTPClientRequest(url: url)
    request.method = .OPTIONS
    request.headers.add(name: "User-Agent", value: "mmdicom")
    let answer: Result<HTTPClientResponse, any Error>
    do { answer = .success(try await client.execute(request, timeout: limit)) } catch {
      answer = .failure(error)
    }
    try? await client.shutdown()
    do { return Int(try answer.get().status.code) } catch { throw PeerTrouble(sending: error) }
  }

  /// Whether a system that takes HL7 messages can be connected to; nothing is said to it.
  package static func connection(to endpoint: MLLPEndpoint) async throws(PeerTrouble) {
    do {
      let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connectTimeout(.nanoseconds(Int64(endpoint.connectSeconds * 1e9)))
        .connect(host: endpoint.host, port: endpoint.port).get()
      try? await channel.close()
    } catch { throw PeerTrouble(sending: error) }
  }
}

internal import Files
public import Foundation
internal import MultiMix

extension TrainingConfiguration {
  /// SHA-256 of what it comes to (``trained``).
  /// - Throws: nothing that a configuration can bring about.
  public var digest: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      return ContentDigest(of: try encoder.encode(trained)).description
    }
  }

  /// This configuration, changed by a JSON object in the form of `configuration.json`. What the object doesn't name
  /// stays as it is, in `batch` and `objective` too; so a file may hold one line, and one that an older version wrote
  /// can still be read. What the system lacks is written down as zero, and read as if it weren't there, so that another
  /// system finds its default.
  /// - Throws: `TrainingError.configuration` where it isn't an object, names something that there isn't, or gives a
  ///   value of the wrong kind.
  public func changed(byJSON data: Data) throws(TrainingError) -> TrainingConfiguration {
    do {
      var fields = try JSONSerialization.jsonObject(with: JSONEncoder().encode(self))
      var changes = try JSONSerialization.jsonObject(with: data)
      let bridge = Self.takeBridge(from: &changes)
      try Self.change(&fields, by: changes, of: self, at: "configuration")
      var changed = try JSONDecoder().decode(Self.self, from: JSONSerialization.data(withJSONObject: fields))
      changed.system.restoringDefaults(&changed.objective, &changed.batch)
      if let bridge, bridge != changed.system.bridgesSaliency {
        throw TrainingError.configuration(
          "the system \(changed.system.rawValue) \(bridge ? "has no" : "has a") saliency bridge")
      }
      return changed
    } catch let error as TrainingError {
      throw error
    } catch let error as DecodingError {
      throw .configuration(Self.description(of: error))
    } catch {
      throw .configuration("not JSON")
    }
  }

  /// What older versions wrote beside the system, which decides it.
  private static func takeBridge(from changes: inout Any) -> Bool? {
    guard var fields = changes as? [String: Any], var objective = fields["objective"] as? [String: Any],
      let bridge = objective.removeValue(forKey: "saliencyBridge") as? Bool
    else { return nil }
    fields["objective"] = objective
    changes = fields
    return bridge
  }

  /// - Parameters:
  ///   - fields: `value` as JSON.
  ///   - place: how a message calls it.
  private static func change(_ fields: inout Any, by changes: Any, of value: Any, at place: String)
    throws(TrainingError)
  {
    guard let changes = changes as? [String: Any], var changed = fields as? [String: Any] else {
      throw .configuration("\(place): not a JSON object")
    }
    let members = Mirror(reflecting: value).children
    for (name, new) in changes.sorted(by: { $0.key < $1.key }) {
      guard let member = members.first(where: { $0.label == name })?.value else {
        throw .configuration("\(place) has no \(name)")
      }
      if member is BatchSizes || member is Objective, var old = changed[name] {
        try change(&old, by: new, of: member, at: name)
        changed[name] = old
      } else {
        changed[name] = new
      }
    }
    fields = changed
  }

  private static func description(of error: DecodingError) -> String {
    let context: DecodingError.Context? =
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
        .dataCorrupted(let context):
        context
      @unknown default: nil
      }
    let place = context?.codingPath.map(\.stringValue).joined(separator: ".") ?? ""
    return "\(place): \(context?.debugDescription ?? "not what it should be")"
  }
}

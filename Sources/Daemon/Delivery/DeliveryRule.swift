import Files
import Glibc

/// What a rule is asked about: a result, and the image that it was made of.
package struct RoutedResult: Sendable, Equatable {
  private var values: [DeliveryRule.Attribute: String]

  package init(_ values: [DeliveryRule.Attribute: String]) { self.values = values }

  /// Empty where nothing is known.
  package subscript(_ attribute: DeliveryRule.Attribute) -> String {
    get { values[attribute] ?? "" }
    set { values[attribute] = newValue }
  }
}

/// Which results go to a destination: those that meet all of its conditions.
public struct DeliveryRule: Sendable, Hashable {
  /// What can be asked.
  package enum Attribute: String, Sendable, CaseIterable {
    /// Kind of the result: `overlay`, `segmentation` ...
    case result
    /// `pneumonia` or `normal`.
    case finding
    /// `uncertain` where the model leaves the finding open, otherwise `certain`.
    case certainty
    /// Of the image: Body Part Examined, View Position, Modality, Station Name, Institution Name, Institutional Department
    /// Name, Study Description.
    case bodyPart = "body_part"
    case view, modality, station, institution, department, description
    /// The folder below the inbox that the image came in, or the AE title of the node that sent it.
    case folder
  }

  struct Condition: Sendable, Hashable {
    let attribute: Attribute
    /// Shell patterns; one has to match.
    let patterns: [String]
    /// None may match.
    let isNegated: Bool

    func holds(for result: RoutedResult) -> Bool {
      let value = result[attribute]
      return patterns.contains { Self.matches(value, $0) } != isNegated
    }

    /// As file names are matched, whatever the case.
    private static func matches(_ value: String, _ pattern: String) -> Bool {
      // GNU's FNM_CASEFOLD.
      unsafe fnmatch(pattern, value, 1 << 4) == 0
    }
  }

  let conditions: [Condition]

  package func takes(_ result: RoutedResult) -> Bool { conditions.allSatisfy { $0.holds(for: result) } }

  /// Whether it takes results of a kind of some image.
  func mayTake(_ kind: String) -> Bool {
    let result = RoutedResult([.result: kind])
    return conditions.allSatisfy { $0.attribute != .result || $0.holds(for: result) }
  }

  /// Why a text is no rule.
  package struct Problem: Error, Equatable { package let description: String }

  /// `NAME ATTRIBUTE=PATTERN|PATTERN ATTRIBUTE!=PATTERN ...`; what holds spaces stands between double quotes.
  /// - Returns: the destination's name, and the rule.
  package static func parse(_ text: String) throws(Problem) -> (destination: String, rule: DeliveryRule) {
    var words = try words(text)
    guard !words.isEmpty else { throw Problem(description: "is empty") }
    let name = words.removeFirst()
    guard !name.contains("=") else {
      throw Problem(description: "doesn't begin with the name of a destination")
    }
    guard !words.isEmpty else { throw Problem(description: "has no condition; '\(name) result=*' takes all") }
    var conditions: [Condition] = []
    for word in words { conditions.append(try condition(word)) }
    return (name, DeliveryRule(conditions: conditions))
  }

  private static func condition(_ word: String) throws(Problem) -> Condition {
    guard let sign = word.firstIndex(of: "=") else {
      throw Problem(description: "holds '\(word)'; a condition is ATTRIBUTE=PATTERN or ATTRIBUTE!=PATTERN")
    }
    let left = word[..<sign]
    let isNegated = left.last == "!"
    let name = String(isNegated ? left.dropLast() : left)
    guard let attribute = Attribute(rawValue: name) else {
      let known = Attribute.allCases.map(\.rawValue)
      let similar = SimilarName.of(name, among: known).map { "did you mean \($0)?" }
      throw Problem(
        description: "asks for '\(name)'; \(similar ?? "it takes \(known.joined(separator: ", "))")")
    }
    let patterns = word[word.index(after: sign)...].split(separator: "|", omittingEmptySubsequences: false)
      .map(String.init)
    return Condition(attribute: attribute, patterns: patterns, isNegated: isNegated)
  }

  private static func words(_ text: String) throws(Problem) -> [String] {
    var words: [String] = []
    var word: String?
    var isQuoted = false
    for character in text {
      switch character {
      case "\"":
        isQuoted.toggle()
        word = word ?? ""
      case " " where !isQuoted, "\t" where !isQuoted:
        if let finished = word { words.append(finished) }
        word = nil
      default: word = (word ?? "") + String(character)
      }
    }
    guard !isQuoted else { throw Problem(description: "has a quotation mark that isn't closed") }
    return words + (word.map { [$0] } ?? [])
  }
}

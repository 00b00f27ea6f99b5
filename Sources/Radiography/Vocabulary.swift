/// A table of terms, each for a meaning, that are looked for in free text.
///
/// A term is a phrase of whole words, compared as `Words` are. A star stands for any letters before or after a
/// word: `LUNG*` is in "Lungenaufnahme", `*THORAX` in "Hemithorax". What such a term leaves of its word is read as a word
/// of its own, since terms are joined as well: THORAXSPINE. Terms in scripts without spaces between words are found
/// anywhere.
struct Vocabulary<Meaning: Hashable & Sendable>: Sendable {
  private struct Term: Sendable {
    let words: [Pattern]
    let meaning: Meaning

    var letters: Int { words.reduce(0) { $0 + $1.text.count } }

    var text: String { words.map(\.text).joined(separator: " ") }
  }

  private enum Pattern: Sendable {
    case whole(String)
    case beginning(String)
    case ending(String)
    case inside(String)

    init(_ text: Substring) {
      let bare = Words.capitals(text.filter { $0 != "*" })
      let isRun = bare.unicodeScalars.contains { Self.hasNoSpaces($0) }
      switch (text.first == "*", text.last == "*") {
      case _ where isRun: self = .inside(bare)
      case (true, true): self = .inside(bare)
      case (true, false): self = .ending(bare)
      case (false, true): self = .beginning(bare)
      case (false, false): self = .whole(bare)
      }
    }

    var text: String {
      switch self {
      case .whole(let text), .beginning(let text), .ending(let text), .inside(let text): text
      }
    }

    func matches(_ word: String) -> Bool {
      switch self {
      case .whole(let text): word == text
      case .beginning(let text): word.hasPrefix(text)
      case .ending(let text): word.hasSuffix(text)
      case .inside(let text): word.contains(text)
      }
    }

    /// What of a word that it matches is in front of it and behind; shorter than three letters it is an ending.
    func rests(of word: String) -> [String] {
      let parts: [Substring] =
        switch self {
        case .whole: []
        case .beginning(let text): [word.dropFirst(text.count)]
        case .ending(let text): [word.dropLast(text.count)]
        case .inside(let text):
          word.firstRange(of: text).map { [word[..<$0.lowerBound], word[$0.upperBound...]] } ?? []
        }
      return parts.filter { $0.count > 2 }.map(String.init)
    }

    /// Han, Kana, Thai and Hangul; Korean has spaces, but joins "chest" and "photograph" as it likes.
    private static func hasNoSpaces(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.value {
      case 0x0E00...0x0E7F, 0x1100...0x11FF, 0x3040...0x30FF, 0x3400...0x9FFF, 0xAC00...0xD7AF,
        0xF900...0xFAFF:
        true
      default: false
      }
    }
  }

  /// Longer phrases and longer words first: what they cover isn't read again.
  private let terms: [Term]

  /// - Parameter table: for each meaning its terms, separated by commas.
  init(_ table: [(Meaning, String)]) {
    terms = table.flatMap { meaning, list in
      list.split(separator: ",").map { phrase in
        Term(words: phrase.split { $0 == " " || $0 == "\n" }.map { Pattern($0) }, meaning: meaning)
      }
    }.filter { !$0.words.isEmpty }.sorted {
      ($0.words.count, $0.letters) > ($1.words.count, $1.letters)
    }
  }

  /// What a text mentions, with the position of the first word of each mention and the table's own word for it.
  func mentions(in text: Words) -> [(meaning: Meaning, position: Int, term: String)] {
    // Of each word: itself, and what is left of it.
    var unread = text.words.map { [$0] }
    var found: [(meaning: Meaning, position: Int, term: String)] = []
    for term in terms where term.words.count <= text.words.count {
      for start in 0...(text.words.count - term.words.count) {
        let range = start..<start + term.words.count
        if Self.isRun(text.words[start]) {
          guard zip(range, term.words).allSatisfy({ $1.matches(text.words[$0]) }) else { continue }
          for index in range { unread[index] = [] }
        } else {
          let places = zip(range, term.words).map { index, pattern in
            unread[index].firstIndex { pattern.matches($0) }
          }
          guard places.allSatisfy({ $0 != nil }) else { continue }
          for (index, place) in zip(range, places) {
            guard let place else { continue }
            let word = unread[index].remove(at: place)
            if range.count == 1 { unread[index] += term.words[0].rests(of: word) }
          }
        }
        found.append((term.meaning, start, term.text))
      }
    }
    // A rest may hold a term that is longer than the one that left it.
    for (index, word) in text.words.enumerated() where !Self.isRun(word) {
      for term in terms where term.words.count == 1 {
        guard let rest = unread[index].first(where: { $0 != word && term.words[0].matches($0) }) else {
          continue
        }
        unread[index].removeAll { $0 == rest }
        found.append((term.meaning, index, term.text))
      }
    }
    return found
  }

  /// In a script without spaces one run of letters holds several terms.
  private static func isRun(_ word: String) -> Bool { word.unicodeScalars.contains { $0.value > 0x3000 } }
}

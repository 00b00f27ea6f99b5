import Foundation

/// Free text as words to compare: capitals without diacritics, in any script, with punctuation gone.
///
/// "Rx Tórax", "RX  TORAX" and "rx_tórax" are the same words; "p.a." and "P-A" are the word PA; "ThoraxLat" is two
/// words. Scripts that don't separate words (Chinese, Japanese, Thai) come as one word each run.
struct Words: Sendable, Equatable {
  let words: [String]

  init(_ text: String) {
    var words: [String] = []
    var word = ""
    var previous: Character?
    func close() {
      if !word.isEmpty { words.append(Self.capitals(word)) }
      word = ""
    }
    for character in Self.repaired(text).precomposedStringWithCompatibilityMapping {
      if character == "&" || character == "+" {
        close()
        words.append("&")
      } else if character.isLetter || character.isNumber {
        // "ThoraxLat", "2views" and "view2" are two words; "XRAY" and "TSpine" one.
        if let previous, !word.isEmpty,
          previous.isLowercase && character.isUppercase || previous.isNumber != character.isNumber
        {
          close()
        }
        word.append(character)
      } else if character != "'" && character != "\u{2019}" {
        close()
      }
      previous = character
    }
    close()
    self.words = Self.joinedInitials(words)
  }

  /// Single letters side by side are initials: "P.A." is PA.
  private static func joinedInitials(_ words: [String]) -> [String] {
    var result: [String] = []
    var index = 0
    while index < words.count {
      if index + 1 < words.count, ["P", "A"].contains(words[index]), ["P", "A"].contains(words[index + 1]) {
        result.append(words[index] + words[index + 1])
        index += 2
      } else {
        result.append(words[index])
        index += 1
      }
    }
    return result
  }

  /// Capitals without diacritics; letters that Unicode doesn't decompose are spelt out.
  static func capitals(_ word: String) -> String {
    var result = ""
    for scalar in word.uppercased().decomposedStringWithCompatibilityMapping.unicodeScalars
    where scalar.properties.generalCategory != .nonspacingMark {
      result += spelling[scalar] ?? String(scalar)
    }
    return result
  }

  private static let spelling: [Unicode.Scalar: String] = [
    "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Æ": "AE", "Œ": "OE", "Þ": "TH", "Ħ": "H", "ı": "I", "ß": "SS",
    // Arabic letter forms that are written for one another, and the long vowel mark.
    "\u{0649}": "\u{064A}", "\u{0629}": "\u{0647}", "\u{0640}": "",
  ]

  /// UTF-8 that was taken for Latin-1 ("TÃ³rax") is undone.
  private static func repaired(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.value > 0x7F }) else { return text }
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else { return text }
      bytes.append(byte)
    }
    return String(validating: bytes, as: UTF8.self) ?? text
  }
}

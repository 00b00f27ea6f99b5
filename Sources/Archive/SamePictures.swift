import Tensors

/// Finds the pictures that two archives both hold, be it under other names, cropped, squashed to a square, or with
/// other grey levels: what a reader of both archives would call the same radiograph.
///
/// Every picture of one is held against every picture of the other at 16 pixels, whole or through one of a few
/// windows; the few that look alike are then aligned at 32 pixels, edge by edge. On 62 pictures of two public sets that
/// differ in crop and aspect the correlation then was 0.938 to 0.997, of other pictures of the same patients up to
/// 0.90, of strangers up to 0.78.
struct SamePictures {
  /// To be raised when the same pictures would give other pairs.
  static let revision = 1

  /// From this correlation on pictures count as the same.
  private static let same: Float = 0.92
  /// From this correlation on at 16 pixels they are aligned.
  private static let alike: Float = 0.7
  /// How many of the most alike each picture is aligned with.
  private static let most = 3
  private static let coarse = PictureView(side: 16, radius: 2)
  private static let fine = PictureView(side: 32, radius: 3)

  private static let windows: [PictureView.Window] = {
    var windows = [PictureView.Window()]
    let shares: [Float] = [0, 0.08, 0.16]
    for first in shares {
      for second in shares where first + second > 0 && first + second < 0.25 {
        windows.append(.init(left: first, right: second))
        windows.append(.init(top: first, bottom: second))
      }
    }
    for share: Float in [0.04, 0.08, 0.12] {
      windows.append(.init(top: share, bottom: share, left: share, right: share))
    }
    return windows + [
      .init(bottom: 0.08, left: 0.08, right: 0.08), .init(top: 0.08, left: 0.08, right: 0.08),
      .init(top: 0.08, bottom: 0.08, right: 0.08), .init(top: 0.08, bottom: 0.08, left: 0.08),
    ]
  }()

  private struct Candidate {
    var first, second: Int
    var correlation: Float
    var window: Int
    /// Whether it is the first picture that is looked at through the window.
    var cropsFirst: Bool
  }

  let first, second: [[UInt8]?]
  let threads: Int

  /// - Parameters:
  ///   - first, second: the archives' pictures, `PictureView.pictureSide` squared; nil for one that can't be decoded.
  ///   - progress: blocks of pictures compared, and in all.
  /// - Returns: the pairs of positions, in order.
  func pairs(progress: (Int, Int) -> Void) -> [(Int, Int)] {
    let candidates = candidates(progress)
    let verdicts = concurrentMap(0..<candidates.count, threads: threads) { isSame(candidates[$0]) }
    return zip(candidates, verdicts).filter(\.1).map { ($0.0.first, $0.0.second) }
  }

  /// The most alike of each picture.
  private func candidates(_ progress: (Int, Int) -> Void) -> [Candidate] {
    let block = 1024
    let (rows, columns) = (blocks(of: first, block), blocks(of: second, block))
    var found: [Candidate] = []
    var done = 0
    progress(0, rows.count * columns.count)
    for row in rows {
      let views = Self.windows.map { window in self.views(first, row, window) }
      for column in columns {
        found += compare(row, views, column)
        done += 1
        progress(done, rows.count * columns.count)
      }
    }
    found.sort { ($1.correlation, $0.first, $0.second) < ($0.correlation, $1.first, $1.second) }
    var uses: [[Int: Int]] = [[:], [:]]
    return found.filter { candidate in
      uses[0][candidate.first, default: 0] += 1
      uses[1][candidate.second, default: 0] += 1
      return min(uses[0][candidate.first] ?? 0, uses[1][candidate.second] ?? 0) <= Self.most
    }.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
  }

  private func blocks(of pictures: [[UInt8]?], _ size: Int) -> [[Int]] {
    let there = pictures.indices.filter { pictures[$0] != nil }
    return stride(from: 0, to: there.count, by: size).map { Array(there[$0..<min($0 + size, there.count)]) }
  }

  private func views(_ pictures: [[UInt8]?], _ block: [Int], _ window: PictureView.Window) -> [Float] {
    concurrentMap(0..<block.count, threads: threads) { i in
      pictures[block[i]].map { Self.coarse($0, window) } ?? []
    }.flatMap(\.self)
  }

  /// - Parameter views: of the row's pictures, by window.
  private func compare(_ row: [Int], _ views: [[Float]], _ column: [Int]) -> [Candidate] {
    let length = Self.coarse.side * Self.coarse.side
    let count = row.count * column.count
    var best = [Float](repeating: -1, count: count)
    var place = [Int16](repeating: 0, count: count)
    var correlations = [Float](repeating: 0, count: count)
    func hold(_ a: [Float], _ b: [Float], as number: Int) {
      Float.gemm(
        transposeA: false, transposeB: true, m: row.count, n: column.count, k: length, alpha: 1, a: a, b: b,
        beta: 0,
        c: &correlations)
      for i in 0..<count where correlations[i] > best[i] {
        best[i] = correlations[i]
        place[i] = Int16(number)
      }
    }
    let whole = self.views(second, column, Self.windows[0])
    for (number, window) in Self.windows.enumerated() {
      hold(views[number], whole, as: number)
      if number > 0 { hold(views[0], self.views(second, column, window), as: -number) }
    }
    return (0..<count).filter { best[$0] >= Self.alike }.map { i in
      Candidate(
        first: row[i / column.count], second: column[i % column.count], correlation: best[i],
        window: abs(Int(place[i])), cropsFirst: place[i] > 0)
    }
  }

  /// Moves the edges of one picture, and where it has to the other's, as long as that brings them nearer.
  private func isSame(_ candidate: Candidate) -> Bool {
    guard let a = first[candidate.first], let b = second[candidate.second] else { return false }
    let (cropped, other) = candidate.cropsFirst ? (a, b) : (b, a)
    let start = Self.windows[candidate.window]
    var edges = [start.top, start.bottom, start.left, start.right]
    // An edge that would have to lie outside of its picture is moved into the other.
    func window(_ edges: [Float], _ sign: Float) -> PictureView.Window {
      let cut = edges.map { max(0, sign * $0) }
      return .init(top: cut[0], bottom: cut[1], left: cut[2], right: cut[3])
    }
    func correlation(_ edges: [Float]) -> Float {
      PictureView.correlation(Self.fine(cropped, window(edges, 1)), Self.fine(other, window(edges, -1)))
    }
    var best = correlation(edges)
    for step: Float in [0.04, 0.02, 0.01] {
      var isNearer = true
      var rounds = 0
      while isNearer && rounds < 6 {
        isNearer = false
        rounds += 1
        for edge in edges.indices {
          for move in [step, -step] {
            var moved = edges
            moved[edge] += move
            guard abs(moved[edge]) <= 0.3 else { continue }
            let found = correlation(moved)
            if found > best + 1e-4 { (best, edges, isNearer) = (found, moved, true) }
          }
        }
      }
      // Nearly aligned, the same picture would agree better by now.
      if best < 0.7 { return false }
    }
    return best >= Self.same
  }
}

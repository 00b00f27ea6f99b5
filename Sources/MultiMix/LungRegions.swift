/// The connected regions of a lung mask: lungs come in one or two large ones without holes, while bowel gas or the edge
/// of a film now and then lights up as an island, and a dense opacity or a pacemaker is left out as a hole.
package enum LungRegions {
  /// A region smaller than this share of the largest lung is an island, or a hole.
  private static let smallestShare = 0.1

  /// The probabilities of lung, 0 on islands and 1 in holes: regions of at least 1/2, and of less that don't reach the
  /// border, with fewer pixels than a tenth of the largest lung's.
  /// - Parameter probability: [side * side], row by row.
  package static func mended(_ probability: [Float], side: Int) -> [Float] {
    let regions = ConnectedRuns(probability, side: side)
    let bound = smallestShare * Double(regions.largestLung)
    var mended = probability
    for (run, region) in zip(regions.runs, regions.region) where Double(regions.pixels[region]) < bound {
      if run.isLung {
        for pixel in run.pixels { mended[pixel] = 0 }
      } else if !regions.reachesBorder[region] {
        for pixel in run.pixels { mended[pixel] = 1 }
      }
    }
    return mended
  }

  /// How many regions of at least 1/2 are no islands.
  /// - Parameter probability: [side * side], row by row.
  static func lungs(_ probability: [Float], side: Int) -> Int {
    let regions = ConnectedRuns(probability, side: side)
    return regions.runs.indices.count {
      // A region goes by its first run.
      regions.region[$0] == $0 && regions.runs[$0].isLung
        && Double(regions.pixels[$0]) >= smallestShare * Double(regions.largestLung)
    }
  }
}

/// The runs of equal pixels in the rows of a mask, joined to regions: lung 4-connected, the rest 8-connected, so that a
/// bay that opens by a corner is no hole.
private struct ConnectedRuns {
  struct Run {
    let isLung: Bool
    /// In the picture, row by row; all in one row.
    let pixels: Range<Int>
  }
  private(set) var runs: [Run] = []
  /// Of each run, the first run of its region.
  private(set) var region: [Int] = []
  /// Of each region, at the place of its first run.
  private(set) var pixels: [Int] = []
  private(set) var reachesBorder: [Bool] = []

  init(_ probability: [Float], side: Int) {
    precondition(probability.count == side * side)
    // Each row's first run, and behind the last row's.
    var firsts = [0]
    for row in 0..<side {
      var start = row * side
      let end = start + side
      var isLung = probability[start] >= 0.5
      for pixel in start..<end {
        let isNext = pixel + 1 < end && probability[pixel + 1] >= 0.5
        guard pixel + 1 == end || isNext != isLung else { continue }
        runs.append(Run(isLung: isLung, pixels: start..<pixel + 1))
        start = pixel + 1
        isLung = isNext
      }
      firsts.append(runs.count)
    }
    region = Array(runs.indices)
    // By pointers: a mask of noise has tens of thousands of runs.
    unsafe runs.withUnsafeBufferPointer { runs in
      unsafe region.withUnsafeMutableBufferPointer { region in
        for row in 0..<max(side - 1, 0) {
          unsafe Self.join(
            runs, above: firsts[row]..<firsts[row + 1], own: firsts[row + 1]..<firsts[row + 2], side, &region)
        }
      }
    }
    pixels = Array(repeating: 0, count: runs.count)
    reachesBorder = Array(repeating: false, count: runs.count)
    for i in runs.indices {
      // No run's link leads to a later one, and all earlier ones lead to their first by now.
      region[i] = region[region[i]]
      let run = runs[i].pixels
      pixels[region[i]] += run.count
      let (row, column) = (run.lowerBound / side, run.lowerBound % side)
      if row == 0 || row == side - 1 || column == 0 || column + run.count == side {
        reachesBorder[region[i]] = true
      }
    }
  }

  var largestLung: Int { runs.indices.lazy.filter { runs[$0].isLung }.map { pixels[$0] }.max() ?? 0 }

  /// Joins the runs of a row with those of the row above that they touch.
  @unsafe private static func join(
    _ runs: UnsafeBufferPointer<Run>, above: Range<Int>, own: Range<Int>, _ side: Int,
    _ region: inout UnsafeMutableBufferPointer<Int>
  ) {
    var first = above.lowerBound
    for i in own {
      let run = unsafe runs[i]
      let (start, end) = (run.pixels.lowerBound - side, run.pixels.upperBound - side)
      // Lung by its edges, the rest by its corners too.
      let reach = run.isLung ? 0 : 1
      while first < above.upperBound, unsafe runs[first].pixels.upperBound < start { first += 1 }
      var other = first
      while other < above.upperBound, unsafe runs[other].pixels.lowerBound <= end {
        let neighbour = unsafe runs[other]
        if neighbour.isLung == run.isLung, neighbour.pixels.lowerBound < end + reach,
          neighbour.pixels.upperBound + reach > start
        {
          unsafe unite(i, other, &region)
        }
        other += 1
      }
    }
  }

  @unsafe private static func unite(_ a: Int, _ b: Int, _ region: inout UnsafeMutableBufferPointer<Int>) {
    let (a, b) = unsafe (root(a, &region), root(b, &region))
    unsafe region[max(a, b)] = min(a, b)
  }

  @unsafe private static func root(_ run: Int, _ region: inout UnsafeMutableBufferPointer<Int>) -> Int {
    var run = run
    while unsafe region[run] != run {
      unsafe region[run] = region[region[run]]
      run = unsafe region[run]
    }
    return run
  }
}

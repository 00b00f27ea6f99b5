import Archive
import MultiMix
import Testing
import Training

@Suite struct TrainingReadinessTests {
  private let labels = TrainingLabels(images: 100, normal: 20, pneumonia: 30, masks: 40)

  private func readiness(
    _ problems: [ArchiveProblem] = [], labels: TrainingLabels? = nil, _ system: System = .multimix
  ) -> TrainingReadiness {
    TrainingReadiness(problems: problems, labels: labels ?? self.labels, system: system)
  }

  @Test(arguments: System.allCases) func aCleanArchiveIsReady(system: System) {
    #expect(readiness([], system).refusal(acceptingProblems: false) == nil)
  }

  @Test func filesThatOnlyCostThemselvesAreNoObstacle() {
    let kinds: [ArchiveProblem.Kind] = [
      .unreadableFile, .undecodableImage, .undecodableMask, .duplicateInstance, .maskWithoutImage, .notSaved,
    ]
    #expect(readiness(kinds.map { ArchiveProblem($0, path: "a", message: "") }).obstacles == [])
  }

  @Test func noLabelsAtAllCannotBeAccepted() throws {
    let readiness = readiness(labels: TrainingLabels(images: 7, normal: 0, pneumonia: 0, masks: 0))
    #expect(readiness.obstacles.map(\.kind) == [.noLabels])
    let refusal = try #require(readiness.refusal(acceptingProblems: true))
    #expect(refusal.contains("none of the 7 images"))
    #expect(!refusal.contains("--accept-problems"))
  }

  @Test(
    arguments: [
      (System.multimix, 0, 9, TrainingReadiness.Obstacle.Kind.noFindings),
      (.umtl, 9, 0, .noMasks), (.enc, 9, 0, nil), (.unet, 0, 9, nil), (.encSSL, 0, 9, .noFindings),
      (.unet, 9, 0, .noMasks),
    ] as [(System, Int, Int, TrainingReadiness.Obstacle.Kind?)])
  func aSystemNeedsTheLabelsOfItsParts(
    system: System, findings: Int, masks: Int, kind: TrainingReadiness.Obstacle.Kind?
  ) {
    let labels = TrainingLabels(images: 20, normal: findings, pneumonia: findings, masks: masks)
    let readiness = readiness(labels: labels, system)
    #expect(readiness.obstacles.map(\.kind) == (kind.map { [$0] } ?? []))
    #expect((readiness.refusal(acceptingProblems: true) == nil) == (kind == nil))
  }

  @Test func oneClassIsTrainedOnlyWhenTheUserSaysSo() throws {
    let labels = TrainingLabels(images: 50, normal: 0, pneumonia: 12, masks: 3)
    let readiness = readiness(labels: labels)
    let refusal = try #require(readiness.refusal(acceptingProblems: false))
    #expect(refusal.contains("one class only: all 12 findings for training are pneumonia"))
    #expect(refusal.contains("--accept-problems"))
    #expect(readiness.refusal(acceptingProblems: true) == nil)
    #expect(self.readiness(labels: labels, .unet).obstacles == [])
  }

  @Test func everyFaultIsCounted() throws {
    let readiness = readiness([
      ArchiveProblem(.severalMasks, path: "a/1.dcm", message: ""),
      ArchiveProblem(.labelWithoutImage, path: "labels.csv", line: 3, count: 12, message: ""),
      ArchiveProblem(.severalMasks, path: "a/2.dcm", message: ""),
      ArchiveProblem(.patientInSeveralSplits, path: "labels.csv", line: 8, message: ""),
      ArchiveProblem(.maskSizeMismatch, path: "b/m.dcm", message: ""),
    ])
    #expect(
      readiness.obstacles.map { "\($0.kind) \($0.count)" } == [
        "maskSizeMismatch 1", "severalMasks 2", "labelWithoutImage 12", "patientInSeveralSplits 1",
      ])
    let refusal = try #require(readiness.refusal(acceptingProblems: false))
    for part in [
      "1 mask of another size than the image, left out (b/m.dcm)",
      "2 images with several masks, whose union would be used (first: a/1.dcm)",
      "12 labels for images that aren't in the archive, left out (first: labels.csv:3)",
      "1 patient in more than one split, which makes validation look too good (labels.csv:8)",
    ] { #expect(refusal.contains(part), "\(refusal)") }
    #expect(!refusal.contains("\n"))
    #expect(readiness.refusal(acceptingProblems: true) == nil)
  }

  @Test func masksDoNotConcernAClassifier() {
    let problems = [
      ArchiveProblem(.severalMasks, path: "a", message: ""),
      ArchiveProblem(.maskSizeMismatch, path: "a", message: ""),
    ]
    #expect(readiness(problems, .encSSL).obstacles == [])
  }

  @Test func acceptingDoesNotHideWhatCannotBeAccepted() throws {
    let readiness = readiness(
      [ArchiveProblem(.labelWithoutImage, path: "labels.csv", line: 2, message: "")],
      labels: TrainingLabels(images: 5, normal: 2, pneumonia: 2, masks: 0))
    let refusal = try #require(readiness.refusal(acceptingProblems: true))
    #expect(refusal.contains("lung mask") && !refusal.contains("labels for"))
  }
}

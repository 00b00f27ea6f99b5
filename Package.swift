// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "mmdicom",
  products: [
    .executable(name: "mmdicom", targets: ["mmdicom"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(
      url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML", "Reloading"]),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    // System libraries, each behind a module map of its own.
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
    .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),

    // DCMTK and OpenJPEG behind a C ABI. Debian's dcmtk.pc names libraries that it doesn't ship, so
    // they are linked by name.
    .target(
      name: "CDCMTK",
      linkerSettings: [
        "dcmdata", "dcmimgle", "dcmimage", "dcmjpeg", "dcmjpls", "ofstd", "oflog", "openjp2", "z",
      ].map { .linkedLibrary($0) }),
    .target(name: "CKernels"),

    // The way of a file.
    room("DICOM", ["CDCMTK", crypto]),
    room("Radiography", ["DICOM", "CCairo", "CDeflate", "CPNG"]),
    room("Archive", ["DICOM", "Radiography", crypto]),

    // The engine.
    room("Tensors", ["COpenBLAS", "CKernels"]),
    room("NeuralNetworks", ["Tensors"]),
    room("MultiMix", ["NeuralNetworks", "Tensors", crypto]),
    room("Training", ["Archive", "MultiMix", "NeuralNetworks", "Radiography", "Tensors"]),

    // The product.
    room("Analysis", ["DICOM", "Radiography", "MultiMix"]),
    room(
      "Daemon",
      [
        "Analysis",
        .product(name: "Configuration", package: "swift-configuration"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ]),
    .executableTarget(
      name: "mmdicom",
      dependencies: [
        "Analysis", "Archive", "Daemon", "DICOM", "MultiMix", "NeuralNetworks", "Radiography", "Tensors",
        "Training",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings),

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swiftSettings),
    tests("DICOM"),
    tests("Radiography", ["DICOM"], exclude: ["Goldens"]),
    tests("Archive", ["DICOM", "Radiography"]),
    tests("Tensors"),
    tests("NeuralNetworks", ["Tensors"]),
    tests("MultiMix", ["NeuralNetworks", "Tensors"], goldens: true),
    tests(
      "Training", ["Archive", "DICOM", "MultiMix", "NeuralNetworks", "Radiography", "Tensors"], goldens: true),
    tests("Analysis", ["DICOM", "Radiography", "MultiMix", "Archive"]),
    tests("Daemon", ["Analysis", "DICOM", "Archive", .product(name: "Logging", package: "swift-log")]),
    tests("mmdicom", ["Archive", "DICOM"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

/// SHA-2, SHA-1 (for version-5 UUIDs).
var crypto: Target.Dependency { .product(name: "Crypto", package: "swift-crypto") }

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

/// Tests of a room, which may look through the doors of others.
func tests(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], goldens: Bool = false
) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies, exclude: exclude,
    resources: goldens ? [.copy("Goldens")] : [], swiftSettings: swiftSettings)
}

nonisolated var swiftSettings: [SwiftSetting] {
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
  ]
}

// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "mmdicom",
  products: [
    .executable(name: "mmdicom", targets: ["mmdicom"])
  ],
  traits: [
    .trait(name: "MPI", description: "Training as several processes, over MPI (libopenmpi-dev).")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(
      url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML", "Reloading"]),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    // System libraries, each behind a module map of its own.
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-pthread-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev", "libdeflate-dev"])]),
    .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
    .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

    // Only where the trait MPI asks for it.
    .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),

    // DCMTK, OpenJPEG and libjpeg behind a C ABI. Debian's dcmtk.pc names libraries that it doesn't ship, so
    // they are linked by name.
    .target(
      name: "CDCMTK",
      linkerSettings: [
        "dcmdata", "dcmimgle", "dcmimage", "dcmjpeg", "dcmjpls", "ofstd", "oflog", "openjp2", "jpeg", "z",
      ].map { .linkedLibrary($0) }),
    // DCMTK's associations behind a C ABI, with TLS by OpenSSL. Debian's dcmnet asks libwrap who may call.
    .target(
      name: "CDCMNet",
      linkerSettings: ["dcmnet", "dcmtls", "dcmdata", "oflog", "ofstd", "ssl", "crypto", "wrap", "z"].map {
        .linkedLibrary($0)
      }),
    .target(name: "CKernels", dependencies: ["COpenBLAS"]),
    // System calls by which a process gives up rights.
    .target(name: "CSandbox"),

    // The way of a file.
    .target(name: "CSystemCalls"),
    room("Files", ["CSystemCalls", crypto, system]),
    room("Unpacking", ["CZip", "Files", system]),
    room("DICOM", ["CDCMTK", "Files", crypto]),
    room("Radiography", ["DICOM", "Tensors"]),
    room("Rendering", ["DICOM", "Radiography", "Tensors", "Files", "CCairo", "CPNG"]),
    room("Archive", ["DICOM", "Radiography", "Tensors", "Files", "CPNG", crypto, system]),
    room("Phantoms", ["Archive", "DICOM", "Radiography", "Tensors", "Files"]),

    // The engine.
    room("Tensors", ["COpenBLAS", "CKernels"]),
    room("NeuralNetworks", ["Tensors"]),
    room("MultiMix", ["NeuralNetworks", "Tensors", "Files"]),
    room("ONNXExport", ["MultiMix", "NeuralNetworks"]),

    // Learning and measuring.
    room("EvaluationMetrics", ["Tensors"]),
    room(
      "Training",
      [
        "Archive", "MultiMix", "NeuralNetworks", "EvaluationMetrics", "Tensors", "Files",
        .target(name: "CMPI", condition: .when(traits: ["MPI"])),
      ]),
    room(
      "Experiments",
      [
        "Archive", "MultiMix", "EvaluationMetrics", "Radiography", "Rendering", "Training", "Tensors",
        "Files",
      ]),

    // What is known of every instance, result and delivery.
    // Its calls stay on their caller's thread where that may wait for disks.
    room(
      "Ledger", ["Files", "CPostgres", crypto, grdb, system],
      [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]),

    // DICOM and DICOMweb in and out. Not called Network: packages that ask canImport(Network) mean Apple's.
    room(
      "DICOMNetwork",
      [
        "CDCMNet", "DICOM", "Files", crypto, system,
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),

    // What the daemon shows of itself over HTTP. Templates and styles are part of the program, so that
    // there is no folder beside it that could be missing.
    .target(
      name: "StatusPage",
      dependencies: [
        "Files", crypto,
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Mustache", package: "swift-mustache"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      resources: [.embedInCode("Pages")],
      swiftSettings: swiftSettings),

    // The product.
    room(
      "Analysis", ["DICOM", "Radiography", "Rendering", "MultiMix", "Tensors", "Files", "Unpacking", system]),
    room(
      "Daemon",
      [
        "Analysis", "CSandbox", "DICOM", "Files", "Ledger", "DICOMNetwork", "Phantoms", "StatusPage",
        "Unpacking",
        system,
        .product(name: "Configuration", package: "swift-configuration"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ]),
    .executableTarget(
      name: "mmdicom",
      dependencies: [
        "Analysis", "Archive", "Daemon", "DICOM", "Experiments", "Files", "EvaluationMetrics", "MultiMix",
        "DICOMNetwork", "NeuralNetworks", "ONNXExport", "Phantoms", "Radiography", "Rendering", "Tensors",
        "Training",
        system,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings),

    .target(
      name: "TestSupport",
      dependencies: ["Archive", "MultiMix", "NeuralNetworks", "Phantoms", "Tensors"],
      path: "Tests/TestSupport", swiftSettings: swiftSettings),
    tests("Files", ["Archive", "CSystemCalls", system]),
    tests("Unpacking", ["Files", system]),
    tests("DICOM"),
    tests("Radiography", ["DICOM"], exclude: ["Goldens"]),
    tests("Rendering", ["DICOM", "Radiography"]),
    tests(
      "Archive", ["DICOM", "Files", "Phantoms", "Radiography", system], exclude: ["every_attribute.py"]),
    tests("Phantoms", ["Archive", "DICOM", "Radiography"]),
    tests("Tensors"),
    tests("NeuralNetworks", ["Tensors"]),
    tests("MultiMix", ["NeuralNetworks", "Tensors"], exclude: ["Goldens"]),
    tests("ONNXExport", ["MultiMix", "NeuralNetworks", "Tensors"]),
    tests("EvaluationMetrics", ["Archive", "Tensors", "Training"], exclude: ["Goldens"]),
    tests(
      "Training",
      [
        "Archive", "DICOM", "EvaluationMetrics", "MultiMix", "NeuralNetworks", "Phantoms", "Radiography",
        "Tensors",
      ],
      exclude: ["Goldens"]),
    tests(
      "Experiments",
      [
        "Archive", "DICOM", "EvaluationMetrics", "MultiMix", "NeuralNetworks", "Phantoms", "Radiography",
        "Rendering",
        "Tensors", "Training",
      ]),
    tests(
      "Analysis", ["DICOM", "Files", "Radiography", "MultiMix", "Archive", "Phantoms", "Unpacking", system]),
    tests("DICOMNetwork", ["DICOM", "Files", system], exclude: ["Peers"]),
    tests("Ledger", ["Files", grdb]),
    tests("StatusPage"),
    tests(
      "Daemon",
      [
        "Analysis", "DICOM", "Files", "Ledger", "DICOMNetwork", "Archive", "StatusPage", "Unpacking", system,
        .product(name: "Logging", package: "swift-log"),
      ]),
    tests("mmdicom", ["Archive", "CSandbox", "DICOM", "Phantoms"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

/// SHA-2, SHA-1 (for version-5 UUIDs).
var crypto: Target.Dependency { .product(name: "Crypto", package: "swift-crypto") }

/// SQLite: Debian's library, GRDB's Swift.
var grdb: Target.Dependency { .product(name: "GRDB", package: "GRDB.swift") }

/// Paths as bytes.
var system: Target.Dependency { .product(name: "SystemPackage", package: "swift-system") }

func room(
  _ name: String, _ dependencies: [Target.Dependency], _ more: [SwiftSetting] = []
) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings + more)
}

/// Tests of a room, which may look through the doors of others.
func tests(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies, exclude: exclude,
    swiftSettings: swiftSettings)
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

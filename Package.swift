// swift-tools-version: 6.0
import PackageDescription

// The layers, lowest first; a target may depend on targets of lower layers only.
//   6  autoloss (command line)
//   5  Search
//   4  Screening, Surrogates, Proxy
//   3  Losses, Networks
//   2  Evolution, Reporting, Tensors
//   1  Formulas, RunStore, Randomness, JSONValues, CKernels, COpenBLAS, COneDNN, CTurboJPEG, CPNG, CCairo
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
  name: "autoloss",
  products: [
    .executable(name: "autoloss", targets: ["autoloss"]),
    .library(name: "Formulas", targets: ["Formulas"]),
    .library(name: "Losses", targets: ["Losses"]),
    // For Benchmarks/, whose package sees products only; their API may change at any time.
    .library(name: "Evolution", targets: ["Evolution"]),
    .library(name: "Networks", targets: ["Networks"]),
    .library(name: "Proxy", targets: ["Proxy"]),
    .library(name: "Randomness", targets: ["Randomness"]),
    .library(name: "Screening", targets: ["Screening"]),
    .library(name: "Surrogates", targets: ["Surrogates"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // 1
    .target(name: "Formulas"),
    .target(name: "Randomness"),
    .target(name: "JSONValues"),
    .target(name: "RunStore", dependencies: [.product(name: "GRDB", package: "GRDB.swift")]),
    .target(name: "CKernels", linkerSettings: [.linkedLibrary("m")]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
    // 2
    .target(name: "Evolution", dependencies: ["Formulas", "Randomness"]),
    .target(name: "Reporting", dependencies: ["CCairo"]),
    .target(name: "Tensors", dependencies: ["CKernels", "Randomness"]),
    // 3
    .target(name: "Losses", dependencies: ["Formulas", "JSONValues", "Randomness", "CKernels"]),
    .target(name: "Networks", dependencies: ["Tensors", "Randomness", "CKernels", "COpenBLAS", "COneDNN"]),
    // 4
    .target(
      name: "Screening", dependencies: ["Formulas", "JSONValues", "Losses", "Randomness", "Reporting", "CKernels"]),
    .target(
      name: "Surrogates", dependencies: ["Formulas", "JSONValues", "Losses", "Tensors", "Randomness", "CKernels"]),
    .target(
      name: "Proxy",
      dependencies: [
        "Formulas", "JSONValues", "Losses", "Networks", "Tensors", "Randomness", "CKernels", "CTurboJPEG", "CPNG",
        logging,
      ]),
    // 5
    .target(
      name: "Search",
      dependencies: [
        "Formulas", "JSONValues", "Losses", "Networks", "Randomness", "RunStore", "Evolution", "Reporting", "Screening",
        "Surrogates", "Proxy", "Yams", logging,
      ],
      // The files are those of search_spaces/, through links.
      resources: [
        .embedInCode("Resources/detection-twostage.yaml"), .embedInCode("Resources/detection-onestage.yaml"),
        .embedInCode("Resources/segmentation.yaml"),
        .embedInCode("Resources/segmentation-miou.yaml"), .embedInCode("Resources/segmentation-fwiou.yaml"),
        .embedInCode("Resources/segmentation-macc.yaml"), .embedInCode("Resources/segmentation-gacc.yaml"),
        .embedInCode("Resources/segmentation-biou.yaml"), .embedInCode("Resources/segmentation-bf1.yaml"),
      ]),
    // 6
    .executableTarget(
      name: "autoloss",
      dependencies: [
        "Formulas", "JSONValues", "Losses", "Randomness", "RunStore", "Evolution", "Reporting", "Screening",
        "Surrogates", "Proxy", "Search",
        argumentParser, logging,
      ]),
    // Tests
    .target(name: "GoldenData", path: "Tests/GoldenData"),
    .testTarget(name: "FormulasTests", dependencies: ["Formulas", "Randomness", "GoldenData"]),
    .target(name: "AllocationCounting", path: "Tests/AllocationCounting"),
    .testTarget(
      name: "LossesTests", dependencies: ["Formulas", "Losses", "Randomness", "GoldenData", "AllocationCounting"]),
    .testTarget(name: "JSONValuesTests", dependencies: ["JSONValues", "Randomness"]),
    .testTarget(name: "RandomnessTests", dependencies: ["Randomness"]),
    .testTarget(name: "EvolutionTests", dependencies: ["Evolution", "Formulas", "Randomness"]),
    .testTarget(name: "RunStoreTests", dependencies: ["RunStore"]),
    .testTarget(name: "ReportingTests", dependencies: ["Reporting", "Randomness"]),
    .testTarget(name: "NetworksTests", dependencies: ["Networks", "Tensors", "Randomness", "CKernels", "GoldenData"]),
    .testTarget(
      name: "ScreeningTests",
      dependencies: [
        "Screening", "Evolution", "Formulas", "JSONValues", "Losses", "Randomness", "Reporting", "CKernels",
      ]),
    .testTarget(
      name: "SurrogatesTests",
      dependencies: [
        "Surrogates", "Formulas", "JSONValues", "Losses", "Randomness", "GoldenData", "AllocationCounting",
      ]),
    .testTarget(
      name: "ProxyTests",
      dependencies: [
        "Proxy", "Formulas", "Losses", "Networks", "Tensors", "Randomness", "GoldenData", "AllocationCounting",
      ]),
    .testTarget(
      name: "SearchTests",
      dependencies: [
        "Search", "Formulas", "JSONValues", "Losses", "Reporting", "RunStore", "Evolution", "Screening", "Surrogates",
        "Proxy",
      ]),
    .testTarget(name: "CommandTests", dependencies: ["Proxy", "GoldenData"]),
  ],
  swiftLanguageModes: [.v6]
)

// swift-tools-version: 6.0
import PackageDescription

// Measures autoloss and the hand-written C loops; `compare` sets it against the other programs.
let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "autoloss", path: "..")],
  targets: [
    // The yardstick: two published losses by hand.
    .target(name: "CFused"),
    // Counts the calls of the allocator.
    .target(name: "CAllocations"),
    // Measures the processor's peak.
    .target(name: "CPeak"),
    // Answers the lines that `compare` writes.
    .target(name: "Serving", dependencies: ["CAllocations"]),
    .executableTarget(
      name: "formula-benchmarks",
      dependencies: [
        "CFused", "Serving",
        .product(name: "Formulas", package: "autoloss"),
        .product(name: "Losses", package: "autoloss"),
        .product(name: "Screening", package: "autoloss"),
        .product(name: "Evolution", package: "autoloss"),
        .product(name: "Randomness", package: "autoloss"),
      ]),
    .executableTarget(
      name: "detection-benchmarks",
      dependencies: [
        "CAllocations", "CPeak", "Serving",
        .product(name: "Formulas", package: "autoloss"),
        .product(name: "Losses", package: "autoloss"),
        .product(name: "Networks", package: "autoloss"),
        .product(name: "Proxy", package: "autoloss"),
        .product(name: "Surrogates", package: "autoloss"),
      ]),
    .executableTarget(
      name: "surrogate-benchmarks",
      dependencies: [
        "Serving",
        .product(name: "Losses", package: "autoloss"),
        .product(name: "Randomness", package: "autoloss"),
        .product(name: "Surrogates", package: "autoloss"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)

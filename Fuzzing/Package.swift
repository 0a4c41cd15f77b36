// swift-tools-version: 6.0
import PackageDescription

// The library targets again, through links, built with coverage and sanitizers; the root package stays free of unsafe
// flags. `Fuzzing/run` builds this package and adds libFuzzer to the link.
let swift: [SwiftSetting] = [.unsafeFlags(["-sanitize=address", "-sanitize=fuzzer"])]
let c: [CSetting] = [
  .unsafeFlags([
    "-fsanitize=address,undefined,fuzzer-no-link", "-fno-sanitize-recover=undefined",
    // Dividing by zero is what the kernels are asked to do; IEEE 754 defines it.
    "-fno-sanitize=float-divide-by-zero",
  ])
]

let package = Package(
  name: "Fuzzing",
  targets: [
    .target(name: "Formulas", swiftSettings: swift),
    .target(name: "Randomness", swiftSettings: swift),
    .target(name: "JSONValues", swiftSettings: swift),
    .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
    .target(name: "Reporting", dependencies: ["CCairo"], swiftSettings: swift),
    .target(name: "CKernels", cSettings: c, linkerSettings: [.linkedLibrary("m")]),
    .target(name: "Losses", dependencies: ["Formulas", "JSONValues", "Randomness", "CKernels"], swiftSettings: swift),
    .target(name: "Tensors", dependencies: ["CKernels", "Randomness"], swiftSettings: swift),
    .target(
      name: "Surrogates", dependencies: ["Formulas", "JSONValues", "Losses", "Tensors", "Randomness", "CKernels"],
      swiftSettings: swift),
    .target(
      name: "Screening", dependencies: ["Formulas", "JSONValues", "Losses", "Randomness", "Reporting", "CKernels"],
      swiftSettings: swift),
    .target(name: "CFuzzer"),
    .executableTarget(
      name: "fuzz", dependencies: ["Formulas", "JSONValues", "Losses", "Surrogates", "Screening", "CFuzzer"],
      swiftSettings: swift,
      linkerSettings: [.unsafeFlags(["-sanitize=address"]), .linkedLibrary("stdc++")]),
  ],
  swiftLanguageModes: [.v6]
)

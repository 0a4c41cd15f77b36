// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "LoadLoss",
  dependencies: [.package(name: "autoloss", path: "../..")],
  targets: [
    .executableTarget(
      name: "LoadLoss",
      dependencies: [.product(name: "Formulas", package: "autoloss"), .product(name: "Losses", package: "autoloss")])
  ],
  swiftLanguageModes: [.v6]
)

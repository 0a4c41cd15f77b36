import CFuzzer
import Glibc

// fuzz TARGET [libFuzzer's options and folders]
// libFuzzer starts itself anew for some of them (-merge, -jobs); the target then comes from the environment.
let variable = "FUZZ_TARGET"
var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
if count > 1, FuzzTarget(rawValue: CommandLine.arguments[1]) != nil {
  setenv(variable, CommandLine.arguments[1], 1)
  CommandLine.unsafeArgv[1] = CommandLine.unsafeArgv[0]
  (count, arguments) = (count - 1, CommandLine.unsafeArgv + 1)
}
guard let target = getenv(variable).flatMap({ FuzzTarget(rawValue: String(cString: $0)) }) else {
  print("usage: fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [libFuzzer options] [folders]")
  exit(2)
}
exit(LLVMFuzzerRunDriver(&count, &arguments, target.entry))

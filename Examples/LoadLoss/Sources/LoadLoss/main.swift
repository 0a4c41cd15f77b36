import Formulas
import Foundation
import Losses

// A discovered loss: the classification loss of CSE-Autoloss-A, for one sample of three classes.
let formula = try Formula(parsing: "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", mode: .multiClass)
var inputs = LossInputs<Float>(rows: 1, classes: 3)
(inputs[.x], inputs[.y], inputs[.z]) = ([2, -1, 0.5], [1, 0, 0], [0.8, 0.8, 0.8])
let result = try Program(formula, mode: .multiClass).evaluate(inputs)
print(formula.infix)
print("value", result.value.map { String(format: "%.4f", $0) }.joined(separator: " "))
print("gradient", (result.gradients[.x] ?? []).map { String(format: "%.4f", $0) }.joined(separator: " "))

// The same from a loss card, which holds what else a training needs.
let file = URL(fileURLWithPath: CommandLine.arguments[1])
let card = try JSONDecoder().decode(LossCard.self, from: Data(contentsOf: file))
print(card.name, card.kind == .formula(formula, .multiClass) ? "is this formula" : "is another formula")

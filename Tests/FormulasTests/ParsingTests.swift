import Formulas
import Testing

@Suite struct ParsingTests {
  @Test(arguments: publishedFormulas) func publishedStringsPrintBackUnchanged(text: String, mode: Mode) throws {
    let (formula, found) = try Formula.parse(text, mode: nil)
    #expect(formula.description == text)
    #expect(found == mode)
    #expect(try formula.shape(in: mode) == mode.trainableShape)
  }
}

/// The four published finds and their modes.
let publishedFormulas: [(String, Mode)] = [
  ("Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", .multiClass),
  ("Add(1,Neg(Add(Div(I,U),Neg(Div(Add(E,Neg(Add(I,2))),E)))))", .regression),
  (
    "Neg(Add(Mul(Q,Mul(Add(1,Serf(Sig(NY))),Log(Sig(X)))),Mul(Add(Sgdf(X),Neg(Q)),"
      + "Mul(Add(Add(1,Neg(Q)),Neg(Add(1,Neg(Sig(X))))),Log(Add(1,Neg(Sig(X))))))))", .binaryClass
  ),
  (
    "Neg(Div(Add(Div(Neg(Add(Neg(E),Add(1,I))),Neg(Add(3,Add(2,U)))),Add(Div(E,E),Div(Neg(E),Neg(1)))),"
      + "Neg(Add(Div(Neg(Add(U,Div(I,1))),Neg(3)),Neg(E)))))", .regression
  ),
]

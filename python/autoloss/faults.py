"""The sentences of formula errors, word for word those of the Swift program."""

from __future__ import annotations

from collections.abc import Sequence

from .vocabulary import PRIMITIVES, VARIABLES, Mode, owners

Fault = tuple[str, str]
"""A stable code and the message."""

_OPERATORS = "there are no operators; write Add(a,b), Sub(a,b), Mul(a,b), Div(a,b) or Neg(a)"
_QUOTES = "leave out the quotation marks"
_MEANT = (
    ("*/^%|&=<>!", _OPERATORS),
    ("[]{}", "write parentheses ( ) around arguments"),
    (";:", "write ',' between arguments"),
    ("\"'`", _QUOTES),
)
_LOOKALIKE = (
    ("−–—＋×·÷∕", _OPERATORS),
    ("“”„‘’«»", _QUOTES),
    ("，、", "write ','"),
    ("（）", "write '(' and ')'"),
    ("\u00a0\u202f\u3000\u200b\ufeff", "it looks like a blank; leave it out"),
)


def empty() -> Fault:
    return ("empty", "the formula is empty: write one, such as Neg(Dot(Y,Log(Softmax(X))))")


def not_ascii(character: str) -> Fault:
    mend = _mend(character, _LOOKALIKE) or "names are made of the letters A to Z and numbers of the digits 0 to 9"
    return ("nonASCII", f"'{character}' (U+{ord(character):04X}) is not ASCII: {mend}")


def unexpected_character(character: str) -> Fault:
    mend = _mend(character, _MEANT) or "a name or a number is expected"
    return ("unexpectedCharacter", f"'{character}' cannot stand here: {mend}")


def bad_number(text: str) -> Fault:
    shown = shortened(text)
    if _is_infix(shown):
        return ("badNumber", f"'{shown}' is no number: {_OPERATORS}")
    mend = "write digits, then .digits and e±digits if needed, as in 2, 0.5 or 1e-3"
    return ("badNumber", f"'{shown}' is no number: {mend}")


def number_too_large(text: str) -> Fault:
    limits = "numbers go up to 1.7e308, and losses are computed in Float, where they go up to 3.4e38"
    return ("badNumber", f"'{shortened(text)}' is too large: {limits}")


def missing_argument() -> Fault:
    return ("missingArgument", "an argument is missing here: write a name or a number")


def unknown_name(name: str, suggestion: str | None) -> Fault:
    every = f"the names are {', '.join(PRIMITIVES)} and the variables {', '.join(VARIABLES)}"
    mend = f"did you mean '{suggestion}'?" if suggestion else every
    return ("unknownName", f"there is no '{shortened(name)}': {mend}")


def not_of_mode(name: str, mode: Mode) -> Fault:
    of = ", ".join(each.value for each in owners(name))
    if name in VARIABLES:
        use = ", ".join(mode.variables)
        return ("variableNotOfMode", f"{name} is no variable of {mode} (it is one of {of}): use {use}")
    use = ", ".join(mode.primitives)
    return ("primitiveNotOfMode", f"{name} is no primitive of {mode} (it is one of {of}): use {use}")


def mixed_modes(name: str, earlier: str) -> Fault:
    return ("mixedModes", f"no mode has both {name} and {earlier}: keep to the names of one mode")


def ambiguous_mode(modes: Sequence[Mode]) -> Fault:
    listed = " or ".join(mode.value for mode in modes)
    return ("ambiguousMode", f"the formula could be of {listed}: say which with --mode")


def too_few_arguments(primitive: str, given: int) -> Fault:
    return ("tooFewArguments", f"{_takes(primitive)}, not {given}: add the missing one here")


def missing_comma(primitive: str) -> Fault:
    return ("tooFewArguments", f"{primitive} takes {PRIMITIVES[primitive]} arguments: write ',' between them here")


def too_many_arguments(primitive: str) -> Fault:
    mend = "remove what follows or close the parenthesis here"
    return ("tooManyArguments", f"{_takes(primitive)}, not more: {mend}")


def missing_parenthesis(primitive: str) -> Fault:
    return ("missingParenthesis", f"{primitive} needs its arguments in parentheses: write '(' here")


def unclosed_parenthesis(primitive: str) -> Fault:
    return ("unclosedParenthesis", f"the parenthesis of {primitive} is not closed: write ')' here")


def variable_called(variable: str) -> Fault:
    return ("variableCalled", f"{variable} is a variable and takes no arguments: remove the parentheses")


def trailing_text() -> Fault:
    return ("trailingText", "the formula ends before this: remove the rest")


def too_deep(limit: int) -> Fault:
    return ("tooDeep", f"the formula is nested deeper than {limit}: write it with fewer levels")


def too_long(limit: int) -> Fault:
    return ("tooLong", f"the formula is longer than {limit} bytes: write a shorter one")


def too_many_nodes(limit: int) -> Fault:
    parts = "different parts: write one with fewer (equal parts count once)"
    return ("tooManyNodes", f"the formula has more than {limit} {parts}")


def bare_literal() -> Fault:
    return ("bareLiteral", "a number alone is no loss: use a variable")


def sample_with_element() -> Fault:
    return (
        "sampleWithElement",
        "a value for each sample (N, the result of a Dot) does not combine with one for each element (N×C): "
        "sum the other one over the classes with Dot first",
    )


def softmax_of_low_rank(words: str) -> Fault:
    mend = "give it X, Y or the like"
    return ("softmaxOfLowRank", f"Softmax runs over the classes of an N×C value, and this is {words}: {mend}")


def dot_of_scalars() -> Fault:
    return ("dotOfScalars", "Dot of two plain numbers has nothing to sum over: multiply them with Mul")


def shortened(text: str) -> str:
    """A text of at most 40 characters, or its beginning."""
    return text if len(text) <= 40 else text[:40] + "…"


def _takes(primitive: str) -> str:
    arity = PRIMITIVES[primitive]
    return f"{primitive} takes {arity} argument{'' if arity == 1 else 's'}"


def _mend(character: str, table: Sequence[tuple[str, str]]) -> str | None:
    return next((mend for characters, mend in table if character in characters), None)


def _is_infix(text: str) -> bool:
    """Whether what should be a number is a sum or a difference: 1-I, -U, 2+x."""
    inner = range(1, max(len(text) - 1, 1))
    follows_exponent = all(text[place - 1] == "e" for place in inner if text[place] in "+-")
    return not follows_exponent or (text[:1] in ("-", "+") and text[1:2].isalpha())

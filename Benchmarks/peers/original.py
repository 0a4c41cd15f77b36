"""The primitives of CSE-Autoloss's search space in PyTorch, and formulas compiled by DEAP as that tool does.

Semantics: eps = 1e-20 in Log and Div, Exp clamped at 88, every constant turned into a tensor of one element inside each
primitive except Sin, Cos and Softmax. Operations and their order are those of the published tool, without device calls.
"""

import math

import torch
from deap import gp

EPS = 1e-20
PI = torch.tensor([math.pi])


def tensor(x):
    return x if isinstance(x, torch.Tensor) else torch.Tensor([x])


def Neg(x):
    return -tensor(x)


def Exp(x):
    return torch.exp(torch.clamp(tensor(x), max=88.0).float())


def Log(x):
    return torch.log(tensor(x) + EPS)


def Abs(x):
    return torch.abs(tensor(x))


def Sqrt(x):
    return torch.sqrt(tensor(x).float())


def Softmax(x):
    return torch.softmax(x.float(), dim=1)


def Softplus(x):
    return torch.nn.functional.softplus(tensor(x).float(), beta=1)


def Sig(x):
    return torch.sigmoid(tensor(x).float())


def Sgdf(x):
    gudermannian = 2 * torch.atan(torch.tanh(tensor(x).float() * PI / 4 / 2))
    return (gudermannian * 2 / PI + 1) / 2


def Salf(x):
    half = tensor(x).float() / 2
    return (half / torch.sqrt(1 + torch.pow(half, 2)) + 1) / 2


def Serf(x):
    return (torch.erf((torch.sqrt(PI) / 2) * tensor(x).float() / 2) + 1) / 2


def Tanh(x):
    return torch.tanh(tensor(x).float())


def Sin(x):
    return torch.sin(x.float())


def Cos(x):
    return torch.cos(x.float())


def Relu(x):
    return torch.relu(tensor(x).float())


def Add(a, b):
    return tensor(a) + tensor(b)


def Sub(a, b):
    return tensor(a) - tensor(b)


def Mul(a, b):
    return torch.mul(tensor(a), tensor(b))


def Div(a, b):
    return tensor(a) / (tensor(b) + EPS)


def Dot(a, b):
    product = torch.mul(tensor(a), tensor(b))
    return torch.sum(product, dim=0 if product.dim() == 1 else 1)


COMMON = [Neg, Exp, Log, Abs, Sqrt, Softplus, Sig, Tanh, Sin, Cos, Relu, Add, Sub, Mul, Div]
CURVES = [Softmax, Sgdf, Salf, Serf]
VARIABLES = {"MULTI_CLS": "XYZ", "BINARY_CLS": ["X", "Q", "PY", "NY"], "REG": "UIE"}
PRIMITIVES = {"MULTI_CLS": COMMON + CURVES + [Dot], "BINARY_CLS": COMMON + CURVES, "REG": COMMON}


def primitive_set(mode):
    """DEAP's table of names for a mode."""
    variables = VARIABLES[mode]
    names = gp.PrimitiveSet(mode, len(variables))
    for function in PRIMITIVES[mode]:
        names.addPrimitive(function, 2 if function in (Add, Sub, Mul, Div, Dot) else 1)
    names.renameArguments(**{f"ARG{k}": name for k, name in enumerate(variables)})
    return names


def compile_formula(text, names):
    """A Python function of the mode's variables. DEAP takes the text as it is, which spares it its own parser."""
    return gp.compile(text, names)

#!/usr/bin/env python3
"""Prints the polynomial coefficients used in Sources/CKernels/formula_elementary.h (needs mpmath and numpy).

Each is a least squares fit of the relative error on Chebyshev nodes, solved in 40 digits and re-weighted until
the error is level (Lawson's iteration).
"""
import mpmath as mp

mp.mp.dps = 40


def fit(name, function, basis_power, count, low, high, weight=lambda x: 1, rounds=60, nodes=160):
    """Coefficients c of sum c[k] * t**k, t = x**basis_power, near function(x); error weighted by weight(x)."""
    xs = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (k + 0.5) / nodes) for k in range(nodes)]
    ws = [mp.mpf(1) for _ in xs]
    ts = [x**basis_power for x in xs]
    ys = [function(x) for x in xs]
    vs = [weight(x) for x in xs]
    best = None
    for _ in range(rounds):
        rows = mp.matrix(count, count)
        right = mp.matrix(count, 1)
        for t, y, v, w in zip(ts, ys, vs, ws):
            powers = [t**k for k in range(count)]
            for i in range(count):
                right[i] += w * v * v * powers[i] * y
                for j in range(count):
                    rows[i, j] += w * v * v * powers[i] * powers[j]
        c = mp.lu_solve(rows, right)
        errors = [abs(v * (sum(c[k] * t**k for k in range(count)) - y)) for t, y, v in zip(ts, ys, vs)]
        worst = max(errors)
        if best is None or worst < best[0]:
            best = (worst, c)
        ws = [w * (e / worst + mp.mpf("1e-3")) for w, e in zip(ws, errors)]
        total = sum(ws)
        ws = [w / total for w in ws]
    worst, c = best
    print(f"// {name}: error {mp.nstr(worst, 3)}")
    print(", ".join(f"{mp.nstr(c[k], 11)}f" for k in range(count)))


half_ln2 = mp.log(2) / 2
quarter = mp.pi / 4
fit("exp: (e^r - 1 - r) / r^2", lambda r: (mp.e**r - 1 - r) / r**2 if abs(r) > 1e-9 else mp.mpf(0.5), 1, 5,
    -half_ln2 * 1.01, half_ln2 * 1.01, lambda r: r * r)
fit("log: (ln(1+f) - f + f^2/2) / f^3", lambda f: (mp.log1p(f) - f + f * f / 2) / f**3 if abs(f) > 1e-9 else mp.mpf(1) / 3,
    1, 8, mp.mpf(-0.25), mp.mpf(0.5), lambda f: f**3 / mp.log1p(f) if abs(f) > 1e-9 else f * f)
fit("tanh: (tanh x - x) / x^3", lambda x: (mp.tanh(x) - x) / x**3, 2, 5, mp.mpf("1e-6"), mp.mpf("0.63"), lambda x: x * x)
fit("erf below 1: erf x / x", lambda x: mp.erf(x) / x, 2, 7, mp.mpf("1e-6"), mp.mpf(1), lambda x: x / mp.erf(x))
fit("erf above 1: ln erfc at 1 + s", lambda s: mp.log(mp.erfc(1 + s)), 1, 9, mp.mpf(0), mp.mpf(3),
    lambda s: mp.erfc(1 + s))
fit("atan: (atan t - t) / t^3", lambda t: (mp.atan(t) - t) / t**3, 2, 9, mp.mpf("1e-6"), mp.mpf(1),
    lambda t: t**3 / mp.atan(t))
fit("sin: (sin r - r) / r^3", lambda r: (mp.sin(r) - r) / r**3, 2, 4, mp.mpf("1e-6"), quarter * 1.01, lambda r: r * r)
fit("cos: (cos r - 1 + r^2/2) / r^4", lambda r: (mp.cos(r) - 1 + r * r / 2) / r**4, 2, 4, mp.mpf("1e-3"), quarter * 1.01,
    lambda r: r**4)

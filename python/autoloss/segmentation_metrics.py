"""The metrics that have a surrogate, and the control points that were published for them."""

from __future__ import annotations

from enum import Enum


class Metric(str, Enum):
    """The six metrics that have a surrogate."""

    MIOU = "mIoU"
    FWIOU = "FWIoU"
    MACC = "mAcc"
    GACC = "gAcc"
    BIOU = "BIoU"
    BF1 = "BF1"

    @property
    def curves(self) -> int:
        """How many gates the metric has: intersection and union; intersection; two ANDs and one OR of two inputs."""
        if self in (Metric.MACC, Metric.GACC):
            return 1
        return 4 if self is Metric.BF1 else 2

    @classmethod
    def named(cls, name: str | Metric) -> Metric:
        """The metric of that name; ValueError lists the names otherwise."""
        try:
            return cls(name)
        except ValueError:
            raise ValueError(f"unknown metric {name!r}: it is one of {', '.join(m.value for m in cls)}") from None


_IOU_OF_BOUNDARIES = (
    0.000365390355, 0.984171689, 0.969491959, 0.992340326, 0.988328516, 0.995552719,
    0.354609758, 0.267221928, 0.560551465, 0.435290039, 0.565432191, 0.601448298,
)  # fmt: skip
_ACCURACY = (0.021453928, 0.73905742, 0.41163361, 0.79865617, 0.91986191, 0.95041156)

# Control points that the authors of Auto Seg-Loss publish.
PUBLISHED_THETA: dict[Metric, tuple[float, ...]] = {
    Metric.MIOU: (
        0.00056972844, 0.64372045, 0.338589169, 0.70554336, 0.625281252, 0.779551927,
        0.69037557, 0.01306289, 0.834170515, 0.962431815, 0.942998269, 0.980038125,
    ),
    Metric.FWIOU: _IOU_OF_BOUNDARIES,
    Metric.BIOU: _IOU_OF_BOUNDARIES,
    Metric.MACC: _ACCURACY,
    Metric.GACC: _ACCURACY,
    Metric.BF1: (
        0.8113003373146057, 0.8526162505149841, 0.17164576053619385, 0.03164796531200409,
        0.20997394621372223, 0.44903290271759033, 0.07847517728805542, 0.8753038048744202,
    ),
}  # fmt: skip

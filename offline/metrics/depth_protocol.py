"""What has to be said before two numbers for depth can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from offline.metrics.depth_crops import CROPS

TRUTHS = (
    "velodyne_forward",
    "velodyne_z",
    "velodyne_png",
    "improved",
    "kitti2015",
    "kitti2015_png",
)
SCALINGS = ("median", "none", "fixed", "sequence")
OUT_OF_RANGE = ("clip_after_scaling", "clip_before_scaling", "drop")
RESIZES = ("tensorflow_inverse_depth", "torch_inverse_depth", "opencv_depth", "spline_depth")


@dataclass(frozen=True)
class DepthProtocol:
    """How a system scores depth.

    Attributes:
        truth: which ground truth, of ``TRUTHS``: one scan with the velodyne's forward coordinate
            or the camera's z (the latter also through a 16-bit PNG), several scans, or KITTI
            2015's disparities (also as SGDepth makes depth of them, through a PNG).
        crop: part of the image that is scored, of ``depth_crops.CROPS``.
        above_m, below_m: ground truth counts strictly between them.
        resize: rule and quantity, of ``RESIZES``; depth from inverse depth before or after it.
        scaling: ``median`` of the truth over median of the prediction, per image; ``none``;
            ``fixed`` by ``factor``; ``sequence``: one factor for many images, which the caller
            passes (``common_factor``).
        factor: for ``fixed``.
        min_depth, max_depth: range of predictions, m.
        out_of_range: predictions beyond it are clipped after scaling, or before (then also
            without scaling), or dropped (there the ends are out of range too).
        lower_median: the lower of two middle values, as ``torch.median``, instead of their mean.
        zero_is_zero: an inverse depth of 0 becomes a depth of 0 instead of an infinite one.
        double_precision: errors of single pixels are float64, not float32; sums always are.
        batch_size: images whose mean counts as one number in the mean over the data set.
        ratio_share: share of the images, the first ones, whose ratios are summarised.
    """

    truth: str = "velodyne_forward"
    crop: str = "garg"
    above_m: float = 1e-3
    below_m: float = 80.0
    resize: str = "opencv_depth"
    scaling: str = "median"
    factor: float = 1.0
    min_depth: float = 1e-3
    max_depth: float = 80.0
    out_of_range: str = "clip_after_scaling"
    lower_median: bool = False
    zero_is_zero: bool = False
    double_precision: bool = False
    batch_size: int = 1
    ratio_share: float = 1.0

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}"
                )
        if not (self.factor > 0 and self.batch_size >= 1 and 0 < self.ratio_share <= 1):
            raise ValueError(
                "factor must be > 0, batch_size >= 1 and ratio_share in (0, 1], "
                f"got {self.factor}, {self.batch_size} and {self.ratio_share}"
            )

    def words(self) -> str:
        """Return every setting in words."""
        scaling = {
            "median": "times median truth / median prediction of each image",
            "none": "not scaled",
            "fixed": f"times {self.factor:g}",
            "sequence": "times one factor for all images of a sequence",
        }[self.scaling]
        beyond = self.out_of_range.replace("_", " ").replace("clip", "clipped")
        beyond = beyond.replace("drop", "dropped when out of range")
        means = "images" if self.batch_size == 1 else f"batches of {self.batch_size} images"
        return (
            f"truth {self.truth} between {self.above_m:g} and {self.below_m:g} m, "
            f"crop {self.crop}; prediction resized as {self.resize}"
            f"{', 0 stays 0' if self.zero_is_zero else ''}, {scaling}"
            f"{' (lower median)' if self.lower_median else ''}, "
            f"{beyond}: {self.min_depth:g} ... {self.max_depth:g} m; "
            f"pixels in {'double' if self.double_precision else 'single'} precision; "
            f"mean over {means}; ratios of the first {100 * self.ratio_share:g} % of the images"
        )


_CHOICES = {
    "truth": TRUTHS,
    "crop": CROPS,
    "resize": RESIZES,
    "scaling": SCALINGS,
    "out_of_range": OUT_OF_RANGE,
}

r"""What is made of means and spreads: correlation, explained variance, and their relatives.

Sums of squares that are taken about 0 lose all digits once the mean is large beside the spread. So
a batch gives means and sums of squares about these means, and batches are merged by the formula of
Chan, Golub and LeVeque. Values are taken relative to the first one, which makes a constant exactly
constant: its spread is 0 and not a rounding error, however many batches it comes in.

A tensor of moments has shape ``(rows, columns)``, float64 (float32 on MPS). The rows are
:math:`n, \bar a, \bar b, \sum (a - \bar a)^2, \sum (b - \bar b)^2` and, where there is a sixth,
:math:`\sum (a - \bar a)(b - \bar b)`. A column with :math:`n = 0` is 0 throughout.
:func:`merge_moments` merges along a new first axis, over batches as over ranks.
"""

from typing import Final

import torch
from torch import Tensor

from firesteel.errors import NotComputableError

from ._pairs import Multioutput, check_multioutput, check_pair, double, over_columns

__all__ = [
    "concordance_correlation",
    "explained_variance",
    "merge_moments",
    "pearson_correlation",
    "r2_score",
    "relative_squared_error",
]

_ROWS_WITH_PRODUCT: Final = 6

_FEW: Final = 2**14
"""Up to so many values, to start an operation takes longer than to run it."""


def merge_moments(stacked: Tensor) -> Tensor:
    r"""Merge moments of parts into those of the whole.

    :math:`M = \sum_i M_i + n_i (\bar x_i - \bar x)^2`, likewise for products. Parts without samples
    change nothing. Merging in steps gives what merging at once gives, but for rounding.

    Args:
        stacked: Moments of each part, float, shape ``(parts, 5, columns)`` or
            ``(parts, 6, columns)``.

    Returns:
        The moments of all, shape ``(5, columns)`` or ``(6, columns)``, on the device of the parts.

    Source:
        Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983.

    Example:
        >>> import torch
        >>> one = torch.tensor([[1.0], [2.0], [5.0], [0.0], [0.0]])
        >>> other = torch.tensor([[1.0], [4.0], [5.0], [0.0], [0.0]])
        >>> merge_moments(torch.stack([one, other])).flatten()
        tensor([2., 3., 5., 2., 0.])
    """
    counts, means = stacked[:, :1], stacked[:, 1:3]
    count = counts.sum(dim=0)
    # relative to a part that is not empty, if there is one: equal means then stay what they are
    largest = counts.argmax(dim=0, keepdim=True).expand(1, 2, -1)
    origin = means.gather(0, largest)
    shift = (counts * (means - origin)).sum(dim=0) / count.clamp(min=1)
    away = means - origin - shift
    products = [away.square()]
    if stacked.shape[1] == _ROWS_WITH_PRODUCT:
        products.append(away.prod(dim=1, keepdim=True))
    between = (counts * torch.cat(products, dim=1)).sum(dim=0)
    return torch.cat([count, origin[0] + shift, stacked[:, 3:].sum(dim=0) + between])


def pair_moments(prediction: Tensor, target: Tensor, *, where: str = "pair_moments") -> Tensor:
    """Give the moments of prediction and target, with their product.

    Merge with :func:`merge_moments`. No value is waited for.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, columns, ...)``.
        target: Any real dtype, the same shape.
        where: The metric that asks, named in errors.

    Returns:
        Float64 (float32 on MPS), shape ``(6, columns)``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
    """
    check_pair(prediction, target, where=where)
    return _moments(_both(prediction, target), is_crossed=True)


def error_moments(prediction: Tensor, target: Tensor, *, where: str = "error_moments") -> Tensor:
    """Give the moments of error (target minus prediction) and target, without their product.

    Merge with :func:`merge_moments`. No value is waited for.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, columns, ...)``.
        target: Any real dtype, the same shape.
        where: The metric that asks, named in errors.

    Returns:
        Float64 (float32 on MPS), shape ``(5, columns)``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
    """
    check_pair(prediction, target, where=where)
    both = _both(prediction, target)
    predicted, true = both.unbind()
    torch.sub(true, predicted, out=predicted)
    return _moments(both, is_crossed=False)


def pearson_correlation(
    prediction: Tensor, target: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    r"""Linear correlation: :math:`\mathrm{Cov}(p, y) / \sqrt{\mathrm{Var}(p) \, \mathrm{Var}(y)}`.

    NaN where prediction or target is constant, one sample included: nothing then varies together.
    Higher is better, from -1 to 1.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, columns, ...)``.
        target: Any real dtype, the same shape.
        multioutput: ``"raw_values"`` gives one correlation per column, else their mean.

    Returns:
        Float64 (float32 on MPS), shape ``()``, or ``(columns,)`` for raw values, on the device of
        the inputs.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no samples.

    Source:
        scipy's ``pearsonr``. ignite gives 0 for constants.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 3.0, 2.0])
        >>> pearson_correlation(prediction, target)
        tensor(0.5000, dtype=torch.float64)
    """
    check_multioutput(multioutput, where="pearson_correlation")
    moments = pair_moments(prediction, target, where="pearson_correlation")
    return pearson_correlation_result(moments, multioutput=multioutput)


def pearson_correlation_result(
    moments: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    """Give the correlation from :func:`pair_moments`.

    Raises:
        NotComputableError: There were no samples.
    """
    _refuse_nothing(moments, "pearson_correlation")
    _, _, _, of_prediction, of_target, crossed = moments.unbind()
    # the roots apart, since the product of the spreads may be out of range
    correlation = crossed / of_prediction.sqrt() / of_target.sqrt()
    return over_columns(correlation.clamp(-1, 1), multioutput)


def concordance_correlation(
    prediction: Tensor, target: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    r"""Lin's concordance: :math:`2 s_{py} / (s_p^2 + s_y^2 + (\bar p - \bar y)^2)`.

    How close the pairs lie to the diagonal, with :math:`s` divided by :math:`n`. A shift or a scale
    costs, other than in :func:`pearson_correlation`. 0 where one is constant, NaN where both are
    the same constant. Higher is better, from -1 to 1.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, columns, ...)``.
        target: Any real dtype, the same shape.
        multioutput: ``"raw_values"`` gives one value per column, else their mean.

    Returns:
        Float64 (float32 on MPS), shape ``()``, or ``(columns,)`` for raw values, on the device of
        the inputs.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no samples.

    Source:
        Lin, "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45,
        1989. torchmetrics divides by :math:`n - 1`.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 3.0, 4.0])
        >>> round(concordance_correlation(prediction, target).item(), 4)
        0.5714
    """
    check_multioutput(multioutput, where="concordance_correlation")
    moments = pair_moments(prediction, target, where="concordance_correlation")
    return concordance_correlation_result(moments, multioutput=multioutput)


def concordance_correlation_result(
    moments: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    """Give the concordance from :func:`pair_moments`.

    Raises:
        NotComputableError: There were no samples.
    """
    _refuse_nothing(moments, "concordance_correlation")
    count, mean, target_mean, of_prediction, of_target, crossed = moments.unbind()
    apart = count * (mean - target_mean).square()
    return over_columns(2 * crossed / (of_prediction + of_target + apart), multioutput)


def r2_score(
    prediction: Tensor, target: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    r"""Share of the target's spread that is predicted: :math:`1 - \sum e^2 / \sum (y - \bar y)^2`.

    Of a constant target it is 1 if all is predicted exactly, else 0; of one sample it is NaN.
    Higher is better, up to 1; predicting the mean gives 0, and there is no lower bound.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, columns, ...)``.
        target: Any real dtype, the same shape.
        multioutput: ``"raw_values"`` gives one score per column, else their mean.

    Returns:
        Float64 (float32 on MPS), shape ``()``, or ``(columns,)`` for raw values, on the device of
        the inputs.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no samples.

    Source:
        scikit-learn's ``r2_score``, constants included.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([1.0, 2.0, 3.0])
        >>> r2_score(prediction, target)
        tensor(0.5000, dtype=torch.float64)
    """
    check_multioutput(multioutput, where="r2_score")
    moments = error_moments(prediction, target, where="r2_score")
    return r2_score_result(moments, multioutput=multioutput)


def r2_score_result(moments: Tensor, *, multioutput: Multioutput = "uniform_average") -> Tensor:
    """Give the score from :func:`error_moments`.

    Raises:
        NotComputableError: There were no samples.
    """
    _refuse_nothing(moments, "r2_score")
    score = _one_minus(_squared_errors(moments), moments[4])
    return over_columns(score.masked_fill(moments[0] == 1, torch.nan), multioutput)


def explained_variance(
    prediction: Tensor, target: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    r"""Share of the variance that is predicted: :math:`1 - \mathrm{Var}(e) / \mathrm{Var}(y)`.

    Other than in :func:`r2_score`, an error that is the same everywhere costs nothing. Of a
    constant target it is 1 if the error is constant too, else 0. Higher is better, up to 1, without
    a lower bound.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, columns, ...)``.
        target: Any real dtype, the same shape.
        multioutput: ``"raw_values"`` gives one score per column, else their mean.

    Returns:
        Float64 (float32 on MPS), shape ``()``, or ``(columns,)`` for raw values, on the device of
        the inputs.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no samples.

    Source:
        scikit-learn's ``explained_variance_score``, constants included.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([11.0, 12.0, 13.0]), torch.tensor([1.0, 2.0, 3.0])
        >>> explained_variance(prediction, target)
        tensor(1., dtype=torch.float64)
    """
    check_multioutput(multioutput, where="explained_variance")
    moments = error_moments(prediction, target, where="explained_variance")
    return explained_variance_result(moments, multioutput=multioutput)


def explained_variance_result(
    moments: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    """Give the share from :func:`error_moments`.

    Raises:
        NotComputableError: There were no samples.
    """
    _refuse_nothing(moments, "explained_variance")
    return over_columns(_one_minus(moments[3], moments[4]), multioutput)


def relative_squared_error(
    prediction: Tensor, target: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    r"""Squared errors beside those of the mean target: :math:`\sum e^2 / \sum (y - \bar y)^2`.

    This is 1 minus :func:`r2_score`, save that for constant targets the division decides: infinity,
    or NaN if all is predicted exactly. Lower is better, from 0; predicting the mean gives 1.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, columns, ...)``.
        target: Any real dtype, the same shape.
        multioutput: ``"raw_values"`` gives one value per column, else their mean.

    Returns:
        Float64 (float32 on MPS), shape ``()``, or ``(columns,)`` for raw values, on the device of
        the inputs.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no samples.

    Source:
        torchmetrics' ``relative_squared_error``, which divides by a tiny number instead of 0.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([1.0, 2.0, 3.0])
        >>> relative_squared_error(prediction, target)
        tensor(0.5000, dtype=torch.float64)
    """
    check_multioutput(multioutput, where="relative_squared_error")
    moments = error_moments(prediction, target, where="relative_squared_error")
    return relative_squared_error_result(moments, multioutput=multioutput)


def relative_squared_error_result(
    moments: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    """Give the ratio from :func:`error_moments`.

    Raises:
        NotComputableError: There were no samples.
    """
    _refuse_nothing(moments, "relative_squared_error")
    return over_columns(_squared_errors(moments) / moments[4], multioutput)


def _both(prediction: Tensor, target: Tensor) -> Tensor:
    """Give a copy of both in double precision, shape ``(2, samples, columns)``."""
    if prediction.numel() <= _FEW and prediction.dtype is target.dtype:
        both = torch.stack((prediction.detach(), target.detach()))
        if both.dtype != torch.float64:
            both = double(both)
    else:  # without a copy of both as they came
        dtype = torch.float32 if target.is_mps else torch.float64
        both = torch.empty((2, *target.shape), dtype=dtype, device=target.device)
        both[0] = prediction.detach()
        both[1] = target.detach()
    if prediction.ndim == 1:
        return both.unsqueeze(-1)
    return both if prediction.ndim == len("NC") else both.movedim(2, -1).flatten(1, -2)


def _moments(both: Tensor, *, is_crossed: bool) -> Tensor:
    """Give the moments of two variables, shape ``(2, samples, columns)``, which it overwrites."""
    _, num_samples, num_columns = both.shape
    if not num_samples:
        return both.new_zeros(5 + is_crossed, num_columns)
    first = both[:, :1].clone()
    both -= first
    shift = both.mean(dim=1, keepdim=True)
    both -= shift
    crossed = [(both[0] * both[1]).sum(dim=0, keepdim=True)] if is_crossed else []
    count = both.new_full((1, num_columns), num_samples)
    return torch.cat([count, (first + shift)[:, 0], both.square_().sum(dim=1), *crossed])


def _refuse_nothing(moments: Tensor, where: str) -> None:
    if not bool(moments[0].any()):
        raise NotComputableError(f"{where}: needs at least one sample")


def _squared_errors(moments: Tensor) -> Tensor:
    """Give the sum of squared errors: two terms that are not negative, so no digit is lost."""
    return moments[3] + moments[0] * moments[1].square()


def _one_minus(part: Tensor, whole: Tensor) -> Tensor:
    """Give 1 minus a ratio; of a whole of 0 it is 1 if the part is 0 too, else 0."""
    score = 1 - part / whole
    return torch.where(whole == 0, (part == 0).to(score.dtype), score)

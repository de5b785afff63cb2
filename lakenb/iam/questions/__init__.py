"""Questions to a template: who can do what, by which statement, and what another template changes."""

from lakenb.iam.questions.access import Standing
from lakenb.iam.questions.asked import Answer, Row, Rows, can, what_can, who_can
from lakenb.iam.questions.changes import Diff, diff
from lakenb.iam.questions.exposure import Exposure, Exposures, public
from lakenb.iam.questions.idle import Idle, IdleRow, IdleRows, vacuous
from lakenb.iam.questions.matrix import Matrix, MatrixCell, matrix
from lakenb.iam.questions.narrower import Tightened, Used, tighten
from lakenb.iam.questions.order import Ordering, equivalent, subsumes
from lakenb.iam.questions.paths import Path, Reach, Step, reach
from lakenb.iam.questions.sentences import Change, Kind

__all__ = [
    "Answer",
    "Change",
    "Diff",
    "Exposure",
    "Exposures",
    "Idle",
    "IdleRow",
    "IdleRows",
    "Kind",
    "Matrix",
    "MatrixCell",
    "Ordering",
    "Path",
    "Reach",
    "Row",
    "Rows",
    "Standing",
    "Step",
    "Tightened",
    "Used",
    "can",
    "diff",
    "equivalent",
    "matrix",
    "public",
    "reach",
    "subsumes",
    "tighten",
    "vacuous",
    "what_can",
    "who_can",
]

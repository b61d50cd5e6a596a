"""From a trained model to a served one in a line, and predictions of it in another."""

from strata_ml.deployment import Deployment, connect
from strata_ml.errors import (
    AdmissionFailedError,
    ConversionError,
    InvalidInputError,
    NoDeploymentError,
    PredictionsDifferError,
    RefusedError,
    StrataError,
    UnavailableError,
)
from strata_ml.inference import Predictions, predict
from strata_ml.log_model import LoggedVersion, log_model

__all__ = [
    "AdmissionFailedError",
    "ConversionError",
    "Deployment",
    "InvalidInputError",
    "LoggedVersion",
    "NoDeploymentError",
    "Predictions",
    "PredictionsDifferError",
    "RefusedError",
    "StrataError",
    "UnavailableError",
    "connect",
    "log_model",
    "predict",
]

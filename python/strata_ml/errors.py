"""What can go wrong: each error has a stable code, and a message that says what to do."""


class StrataError(Exception):
    """Base of all errors of this package.

    Attributes:
        code: stable, in capitals, the same as on the wire where the registry or the endpoint refused.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self):
        # Exceptions are made again from their arguments when they cross processes (joblib, Dask): there are two here.
        return type(self), (self.code, str(self))


class InvalidInputError(StrataError):
    """An argument is not what it has to be."""


class ConversionError(StrataError):
    """The model cannot be written as ONNX, or a package for that is missing."""


class PredictionsDifferError(StrataError):
    """The ONNX form does not predict what the original predicts; nothing was pushed."""


class NoDeploymentError(StrataError):
    """There is no deployment to talk to, or it does not say how."""


class RefusedError(StrataError):
    """The registry or the endpoint refused the request."""


class UnavailableError(StrataError):
    """Something does not answer; the same call may work later."""


class AdmissionFailedError(StrataError):
    """The registry looked at the version and does not let it serve; the message is the registry's."""

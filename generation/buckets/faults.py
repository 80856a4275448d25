"""What an answer of a store means: each library of fsspec has classes of its own for the same few faults.

    fault = fault_of(error)
    fault.kind                                    # taken, missing, denied, credentials, refused, passing

`taken`: the condition of a put was not met. `passing`: try again (500, 503 SlowDown, a cut connection, a timeout). It
asks nobody: see store.py.
"""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["taken", "missing", "denied", "credentials", "refused", "passing"]

PRECONDITION_FAILED, CONFLICT, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 412, 409, 401, 403, 404
AGAIN = {408, 409, 425, 429}
"""Statuses below 500 that say: later."""
NOT_OFFERED = 501
"""The store does not do what a header asks for."""
CREDENTIAL_CODES = {
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired",
    "InvalidClientTokenId", "AuthorizationHeaderMalformed", "UnrecognizedClientException",
}  # fmt: skip
CREDENTIAL_ERRORS = {
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound",
    "TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "DefaultCredentialsError", "RefreshError",
    "LocalTokenNotFoundError",
}  # fmt: skip
USAGE_ERRORS = {"ParamValidationError", "InvalidRegionError", "NoRegionError", "InvalidEndpointConfigurationError"}
MISSING_ERRORS = {"RepositoryNotFoundError", "EntryNotFoundError", "BucketNotFoundError"}
LATER_CODES = {"RequestTimeout", "SlowDown", "RequestTimeTooSkewed"}
MESSAGE_SHOWN = 200


@dataclass(frozen=True)
class Fault:
    """One error of a store."""

    kind: Kind
    code: str
    """The store's name for it, or the class of the error."""
    message: str
    status: int | None = None

    def __str__(self) -> str:
        return self.code if self.message in {"", self.code} else f"{self.code}: {self.message}"


def fault_of(error: BaseException) -> Fault:
    """What an error of a store's library means."""
    code, status = _code_and_status(error)
    names = {one.__name__ for one in type(error).__mro__}
    message = " ".join(str(error).split())[:MESSAGE_SHOWN]
    return Fault(_kind(error, names, code, status), code or type(error).__name__, message, status)


def _code_and_status(error: BaseException) -> tuple[str, int | None]:
    for one in (error, error.__cause__):
        response: Any = getattr(one, "response", None)
        if isinstance(response, dict):  # botocore's
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            return str(response.get("Error", {}).get("Code", "")), status
        if getattr(response, "status_code", None) is not None:  # huggingface_hub's
            return "", int(response.status_code)
        status = getattr(one, "code", None) or getattr(one, "status", None)  # gcsfs's, aiohttp's
        if isinstance(status, int) or (isinstance(status, str) and status.isdecimal()):
            return "", int(status)
    if type(error) is OSError and str(error).startswith("Forbidden"):  # gcsfs says it in words only
        return "Forbidden", FORBIDDEN
    return "", None


def _kind(error: BaseException, names: set[str], code: str, status: int | None) -> Kind:
    if isinstance(error, FileExistsError) or status == PRECONDITION_FAILED or code == "PreconditionFailed":
        return "taken"
    if code in CREDENTIAL_CODES or names & CREDENTIAL_ERRORS or status == UNAUTHORIZED:
        return "credentials"
    if isinstance(error, FileNotFoundError) or names & MISSING_ERRORS or status == NOT_FOUND:
        return "missing"
    if isinstance(error, PermissionError) or status == FORBIDDEN:
        return "denied"
    if names & USAGE_ERRORS or status == NOT_OFFERED:
        return "refused"
    if status is not None and 400 <= status < 500 and status not in AGAIN and code not in LATER_CODES:
        return "refused"
    return "passing"

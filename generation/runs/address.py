"""Which bucket a run's place names: `s3://bucket/run`, `gs://bucket/run`, `hf://buckets/owner/name/run`.

    url = bucket_of(Path("s3://bucket/run"))       # None where the place is a folder
    str(url), url.root                             # 's3://bucket/run', 'bucket/run'

A place may come as a `Path`, which holds `s3://bucket` as `s3:/bucket`: both are read. It asks no store: see
buckets/.
"""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SCHEMES = {"s3": "s3fs", "gs": "gcsfs", "hf": "huggingface_hub"}
"""Scheme -> package that speaks to such a store."""
ALLOWED = "s3://BUCKET/RUN, gs://BUCKET/RUN, or to read hf://buckets/OWNER/NAME/RUN"
INSTALL = "pip install 'moviellm[buckets]'"
HF_BUCKETS = "buckets"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(.*)", re.DOTALL)


@dataclass(frozen=True)
class BucketUrl:
    """A run's place in a store of objects."""

    scheme: str
    root: str
    """Bucket and prefix, without a slash at the end."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.root}"


def bucket_of(place: Path | str | None) -> BucketUrl | None:
    """The bucket behind a run's place; None for a folder.

    Raises:
        ValueError: the scheme is unknown, or the address lacks a bucket or the run's name in it.
    """
    match = _URL.fullmatch(str(place)) if place is not None else None
    if match is None:
        return None
    scheme, root = match[1].lower(), match[2].strip("/")
    if scheme not in SCHEMES:
        raise ValueError(f"{scheme}://{root}: no store {scheme!r}; a run's place is a folder, or {ALLOWED}")
    parts = root.split("/")
    least = 4 if scheme == "hf" else 2
    if len(parts) < least or "" in parts or ".." in parts or (scheme == "hf" and parts[0] != HF_BUCKETS):
        raise ValueError(f"{scheme}://{root} names no run in a bucket; it takes {ALLOWED}")
    return BucketUrl(scheme, root)


def refuse_bucket(place: Path, takes: str) -> None:
    """Say which verb takes no bucket, before it makes a folder with such a name.

    Raises:
        ValueError: the place is one.
    """
    if (url := bucket_of(place)) is not None:
        raise ValueError(f"{url}: {takes}")


def refuse_missing(url: BucketUrl) -> None:
    """Say which package is missing.

    Raises:
        ValueError: it is.
    """
    package = SCHEMES[url.scheme]
    if find_spec(package) is None:
        raise ValueError(f"{url} needs the package {package}: {INSTALL}")


def shown(place: Path | str) -> str:
    """A place as people write it."""
    return str(bucket_of(place) or place)

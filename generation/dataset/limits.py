"""What the Hub and its dataset viewer take: numbers that an export keeps to and a check holds a folder against.

    assert group.total_compressed_size <= SCAN_BYTES

Those of the viewer are its own settings, read in its public source (github.com/huggingface/dataset-viewer, commit
f62009e05 of 2026-08-20: `chart/env/prod.yaml`, and `services/worker/src/worker/config.py` and
`libs/libcommon/src/libcommon/constants.py` where production sets nothing). Those of the Hub are its recommendations
(huggingface.co/docs/hub/storage-limits). It measures nothing: see parquet_files.py, export.py and check.py.
"""

# ------------------------------------------------------------------------------------------------ the viewer

SCAN_BYTES = 300_000_000
"""Bytes of one row group that a page of rows may need, `rowsIndex.maxArrowDataInMemory`; over it there is no page.
With a page index the viewer reads the pages that hold those rows, without one the whole row group."""
PAGE_ROWS = 100
"""Rows on a page, `MAX_NUM_ROWS_PER_PAGE`."""
PREVIEW_BYTES = 200_000
"""JSON of a split's first rows, `firstRows.maxBytes`. Over it, rows are left out down to `PREVIEW_ROWS`, then cells
are cut to `PREVIEW_CELL_BYTES`, pictures excepted. Nothing fails: a long text is cut in the preview, whole on a page.
"""
PREVIEW_ROWS = 10
"""First rows that are shown at any rate, `FIRST_ROWS_MIN_NUMBER`."""
PREVIEW_CELL_BYTES = 100
"""What a cell is cut to then, `FIRST_ROWS_MIN_CELL_BYTES`."""
CELL_BYTES = 1_000_000
"""JSON of one text cell, our own limit: the viewer sets none on a page, and a hundred such cells are 100 MB to send.
Its manual names the same size for all first rows together."""
COLUMNS_MAX = 1_000
"""Columns of a config, `FIRST_ROWS_COLUMNS_MAX_NUMBER`."""
SPLITS_MAX = 30
"""Splits of a config, `SPLIT_NAMES_MAX_NUMBER`."""
INDEXED_BYTES = 5_000_000_000
"""Size of a split up to which the viewer can search, filter and count all of it, `duckDBIndex.maxSplitSizeBytes`."""

# ------------------------------------------------------------------------------------------------ the Hub

FOLDER_ENTRIES = 10_000
"""Entries of a folder must stay below it."""
REPO_FILES = 100_000
"""Files of a repository should stay below it."""
COMMIT_FILES = 100
"""Files of a commit should stay at it or below."""
FILE_BYTES_ADVISED = 50_000_000_000
"""Size that a file should stay below."""
FILE_BYTES_MAX = 200_000_000_000
"""Size from which a file is not sent."""

"""names.py: which names a repository may have, and how versions are ordered."""

import pytest

from moviellm.cards.hub.names import check_repo_id, check_version, newest_tag, page, tag_of


@pytest.mark.parametrize("repo_id", ["org/name", "a/b", "Org-1/MovieLLM_2.0", "org/moviellm_dataset2"])
def test_a_usual_name_is_taken(repo_id: str) -> None:
    check_repo_id(repo_id, "dataset")


@pytest.mark.parametrize(
    ("repo_id", "said"),
    [
        ("films", "it is OWNER/NAME"),
        ("datasets/org/films", "it is OWNER/NAME"),
        ("org/", "it is OWNER/NAME"),
        ("/films", "it is OWNER/NAME"),
        ("org/my films", "letters, digits"),
        ("org/-films", "letters, digits"),
        ("org/films.", "letters, digits"),
        ("org/" + "x" * 97, "at most 96"),
        ("org/a--b", "no --"),
        ("org/a..b", "no .."),
        ("org/films.git", "no .git"),
        ("org/filme_für_alle", "letters, digits"),
    ],
)
def test_a_name_that_the_hub_does_not_take_is_refused(repo_id: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_repo_id(repo_id, "dataset")


@pytest.mark.parametrize("name", ["moviellm_dataset", "MovieLLM_Dataset"])
def test_a_dataset_must_not_have_the_name_of_the_script_in_it(name: str) -> None:
    with pytest.raises(ValueError, match=r"moviellm_dataset\.py.*choose another, e\.g\. org/MovieLLM"):
        check_repo_id(f"org/{name}", "dataset")
    check_repo_id(f"org/{name}", "model")


def test_huggingface_hub_takes_the_names_that_are_taken_here() -> None:
    from huggingface_hub.utils import validate_repo_id

    for repo_id in ("org/name", "a/b", "Org-1/MovieLLM_2.0"):
        check_repo_id(repo_id, "model")
        validate_repo_id(repo_id)


@pytest.mark.parametrize("version", ["1.2", "v1.2.0", "1.2.0-rc1", "1.02.0", "", "1.2.0.0", "one"])
def test_a_version_is_three_numbers(version: str) -> None:
    with pytest.raises(ValueError, match="three numbers"):
        check_version(version)


def test_versions_are_ordered_by_their_numbers() -> None:
    assert newest_tag(["v1.9.0", "v1.10.0", "v1.2.30", "nightly", "v2"]) == "v1.10.0"
    assert newest_tag(["nightly"]) is None


def test_a_page_has_the_kind_in_its_address() -> None:
    assert page("https://hub", "a/b", "dataset", "/tree/v1.0.0") == "https://hub/datasets/a/b/tree/v1.0.0"
    assert page("https://hub", "a/b", "model") == "https://hub/a/b"
    assert tag_of("1.0.0") == "v1.0.0"

"""Kind `dreamframe`: story files of MovieLLM and DreamFrame with their numbered pictures, in folders or zips.

    movies = open_stories([Path("MovieLLM-raw-data/part1.zip")], options, report, scratch)

A story file (story_json.py) is a movie. Frame i is shown by `i.png`, `.jpg` or `.webp`, counted from 1, in the folder
of the story file, in the one below it, or in one that is called or numbered like it. There are no times: a keyframe
lasts `--seconds-per-keyframe`, and the lines that follow a frame share its time. Where the frames divide into blocks
of `--frames-per-scene` (the paper's 11) a block is a scene, and as many scenes are a chapter. Zips are read in place.
"""

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath

from moviellm.generation.dataset.import_report import ImportReport, SourceFile
from moviellm.generation.imports.beside import spoken
from moviellm.generation.imports.likenesses import Cast
from moviellm.generation.imports.media import Media
from moviellm.generation.imports.movies import ImportedMovies, ids_for
from moviellm.generation.imports.options import ImportOptions
from moviellm.generation.imports.pictures import MISSING, SUFFIXES, Gallery
from moviellm.generation.imports.recognising import check_kind
from moviellm.generation.imports.story_json import Shot, Story, looks_like_story, parse_broken, read_story
from moviellm.generation.imports.told import Asked, Frame, Line, Origin, Part, Picture, Told
from moviellm.generation.schema import TemporalSpan

KIND = "dreamframe"
STORY_BYTES_MAX = 64 * 1024 * 1024
"""Size of a story file; one of 1,331 frames has 350 kB."""
_PREFIX = re.compile(
    r"^\s*(?:please\s+)?generate\s+an?\s+(?:image|picture|photo)\s+(\w+)\s+(.{1,60}?)\s+style\s*[:,.]\s*", re.I
)
_NUMBERED = re.compile(r"^0*([1-9]\d{0,6})$")


def open_stories(paths: Sequence[Path], options: ImportOptions, report: ImportReport, scratch: Path) -> ImportedMovies:
    """The movies of story files, and of folders and zips of them.

    Raises:
        ValueError: there is no story file, one is broken in an unknown way, or a zip is hostile.
    """
    report.title = "story files of MovieLLM or DreamFrame"
    report.origin = "Such files come from MovieLLM (arXiv 2403.01422), later called DreamFrame."
    stories = _Stories(paths, options, report)
    report.unknown += _unknown(options)
    source_ids = [PurePosixPath(key).stem for key in stories.keys]
    tell, ids = spoken(stories.tell, source_ids, options, report), ids_for(source_ids)
    return ImportedMovies(report, ids, stories.origin, tell, stories.gallery.read, limit=options.limit)


def _unknown(options: ImportOptions) -> list[str]:
    kept = "kept, on request" if options.keep_likenesses else "replaced by the character's name wherever they stand"
    return [
        f"Times: a keyframe was given {options.seconds_per_keyframe:g} s, and lines share the time of their frame.",
        "Who speaks: a line without speaker is not necessarily a narrator's.",
        "Scenes and chapters: blocks of keyframes stand for them where they divide without rest; without summary.",
        "What a question is about: all are of level movie, without type, evidence or what they require.",
        "The title: it is the name of the file. Who painted and who wrote: models that the files do not name.",
        f"Whether people look like celebrities: the originals describe each by one. The descriptions are {kept}; the "
        f"pictures are as they were and may show a likeness.",
        "Who is in a picture: those of the cast whom its text names. Nobody looked at the picture.",
    ]


class _Stories:
    """Story files and pictures of what was given."""

    def __init__(self, paths: Sequence[Path], options: ImportOptions, report: ImportReport) -> None:
        self._options, self._report = options, report
        singles = {path.resolve() for path in paths if path.suffix.lower() == ".json" and path.is_file()}
        others = [path for path in paths if path.resolve() not in singles]
        self._media = Media([*others, *options.media], beside=sorted({path.parent for path in singles}))
        self.gallery = Gallery(self._media)
        self._data = self._stories(singles, others)
        self.keys = sorted(self._data, key=_naturally)
        if not self.keys:
            raise ValueError(f"there is no story file in {', '.join(map(str, paths))}{report.reasons()}")
        self._folders = _picture_folders(self._media.keys)
        for reason, times in self._media.left_out.items():
            report.leave_out(reason, times)
        for key in self.keys:
            report.files.append(SourceFile(self._name(key), sha256(self._data[key]).hexdigest(), len(self._data[key])))

    def _stories(self, singles: set[Path], others: Sequence[Path]) -> dict[str, bytes]:
        """The bytes of the story files, by key: they are small beside the pictures."""
        stories: dict[str, bytes] = {}
        for key in self._media.keys:
            place = self._media.find(key)
            assert place is not None
            root = self._media.roots[place.root]
            named = root / place.name in singles
            if not (named or root in others) or not key.lower().endswith(".json"):
                continue
            data = self._media.read(place, STORY_BYTES_MAX)
            try:
                found = parse_broken(data, Counter())
            except ValueError as error:
                raise ValueError(f"{place.name}: {error}") from None
            if looks_like_story(found):
                stories[key] = data
            elif named:
                check_kind(found, KIND, place.name)
            else:
                self._report.leave_out("JSON files that are no story")
        return stories

    def _name(self, key: str) -> str:
        """What a file is called on the card: its path in what was given, and which of several that was."""
        place = self._media.find(key)
        assert place is not None
        several = len({story.split(":")[0] for story in self._data}) > 1
        return f"{self._media.roots[place.root].name}/{place.name}" if several else place.name

    def origin(self, number: int) -> Origin:
        file = self._report.files[number]
        return Origin(KIND, file.name, file.sha256)

    def tell(self, number: int) -> Told | None:
        """A movie; None when the story has no frame."""
        key = self.keys[number]
        story = read_story(self._data[key])
        for what, times in story.mended.items():
            self._report.change(what, times)
        for what, times in story.left_out.items():
            self._report.leave_out(what, times)
        if not story.shots:
            self._report.leave_out("story files without a frame")
            return None
        return self._told(key, story)

    def _told(self, key: str, story: Story) -> Told:
        cast = Cast(story.people, keep=self._options.keep_likenesses)
        shots = [Shot(cast.named(shot.text), [cast.named(line) for line in shot.lines]) for shot in story.shots]
        styles = Counter(match[2] for shot in shots if (match := _PREFIX.match(shot.text)))
        frames = self._frames(shots, self._pictures(key, len(shots)), cast)
        questions = self._questions(story, cast)
        synopsis = None if story.overview is None else cast.named(story.overview)
        for what, times in cast.counts.items():
            self._report.change(what, times)
        stem = PurePosixPath(key).stem
        return Told(
            source_id=stem,
            title=stem,
            chapters=self._chapters(frames, [shot.lines for shot in shots]),
            questions=questions,
            synopsis=synopsis,
            style=styles.most_common(1)[0][0] if styles else None,
            people=tuple(cast.looks.items()),
            language=self._options.language,
        )

    def _frames(self, shots: Sequence[Shot], pictures: Sequence[Picture | None], cast: Cast) -> list[Frame]:
        step_s = self._options.seconds_per_keyframe
        frames = []
        for index, (shot, picture) in enumerate(zip(shots, pictures, strict=True)):
            match = _PREFIX.match(shot.text)
            if match is None and shot.text:
                self._report.change("frames whose text does not begin as the others do: kept whole")
            elif match is not None and match[1].casefold() != "in":
                self._report.change("frames whose text begins almost as the others do")
            caption = shot.text[match.end() :] if match else shot.text
            span = TemporalSpan(start_s=index * step_s, end_s=(index + 1) * step_s)
            frames.append(Frame(span, caption, shot.text, picture, tuple(cast.who(caption))))
        return frames

    def _chapters(self, frames: Sequence[Frame], lines: Sequence[Sequence[str]]) -> tuple[tuple[Part, ...], ...]:
        block = self._options.frames_per_scene
        if len(frames) % block:
            self._report.change(f"movies whose keyframes do not divide into scenes of {block}: one scene")
            block = len(frames)
        parts = [
            Part(
                tuple(frames[start : start + block]),
                tuple(
                    line
                    for frame, said in zip(frames[start : start + block], lines[start : start + block], strict=True)
                    for line in _within(frame.span, said)
                ),
            )
            for start in range(0, len(frames), block)
        ]
        per_chapter = self._options.frames_per_scene
        if len(parts) % per_chapter or len(parts) == per_chapter:
            per_chapter = len(parts)
        return tuple(tuple(parts[start : start + per_chapter]) for start in range(0, len(parts), per_chapter))

    def _questions(self, story: Story, cast: Cast) -> tuple[Asked, ...]:
        pairs = list(dict.fromkeys(story.questions))
        self._report.leave_out("questions asked and answered before, word for word", len(story.questions) - len(pairs))
        return tuple(
            Asked(
                cast.named(question), cast.named(answer), params={"place": story.questions.index((question, answer))}
            )
            for question, answer in pairs
        )

    def _pictures(self, key: str, count: int) -> list[Picture | None]:
        """The picture of every frame, looked at once; None where there is none that can be used."""
        numbered = self._folder_of(key)
        found: list[Picture | None] = []
        for number in range(1, count + 1):
            file = numbered.get(number)
            seen = self.gallery.look(file) if file is not None else MISSING
            if isinstance(seen, str):
                self._report.leave_out(f"pictures that {seen}")
            found.append(None if isinstance(seen, str) else seen)
        self._report.leave_out("pictures without a frame", sum(number > count for number in numbered))
        return found

    def _folder_of(self, key: str) -> dict[int, str]:
        """The numbered pictures of a story: see above for where they lie."""
        home, stem = str(PurePosixPath(key).parent), PurePosixPath(key).stem
        below = [folder for folder in self._folders if _is_below(folder, home)]
        alone = sum(_is_below(str(PurePosixPath(other).parent), home) for other in self.keys) == 1
        if home in self._folders and alone:
            return self._folders[home]
        named = [folder for folder in (below or self._folders) if _called_like(folder, stem)]
        named = named or [folder for folder in self._folders if _called_like(folder, stem)]
        if len(named) == 1:
            return self._folders[named[0]]
        if alone and len(below) == 1:
            return self._folders[below[0]]
        if len(self.keys) == len(self._folders) == 1:
            return next(iter(self._folders.values()))
        return self._folders[home] if home in self._folders and not named else {}


def _picture_folders(keys: Sequence[str]) -> dict[str, dict[int, str]]:
    """Numbered pictures by folder."""
    folders: dict[str, dict[int, str]] = {}
    for key in keys:
        path = PurePosixPath(key)
        match = _NUMBERED.match(path.stem)
        if match and path.suffix.lower() in SUFFIXES:
            folders.setdefault(str(path.parent), {}).setdefault(int(match[1]), key)
    return folders


def _is_below(folder: str, home: str) -> bool:
    return folder == home or folder.startswith(f"{home}/")


def _called_like(folder: str, stem: str) -> bool:
    """Whether a folder is called like a story file, or has the same number at its end."""
    last = PurePosixPath(folder).name
    number, other = re.search(r"\d+$", stem), re.search(r"\d+$", last)
    return last == stem or (number is not None and other is not None and int(number[0]) == int(other[0]))


def _within(span: TemporalSpan, lines: Sequence[str]) -> list[Line]:
    """Lines that share the time of their frame."""
    step_s = (span.end_s - span.start_s) / max(1, len(lines))
    edges = [span.start_s + number * step_s for number in range(len(lines))] + [span.end_s]
    return [
        Line(TemporalSpan(start_s=edges[number], end_s=edges[number + 1]), line) for number, line in enumerate(lines)
    ]


def _naturally(name: str) -> tuple[object, ...]:
    """Sorts `story_2` before `story_10`."""
    return tuple((1, int(part)) if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name) if part)

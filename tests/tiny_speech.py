"""A tiny random Whisper, built in process: real transformers classes and files, no download.

    folder = save_tiny_whisper(tmp_path / "whisper")     # a folder that pipeline("automatic-speech-recognition") loads

The same seed gives the same weights. What it says means nothing; that it says it inside its window does.
"""

from pathlib import Path

WORDS = ("hello", "storm", "key", "lamp", "ship", "home")
LANGUAGES = ("en", "de")
WINDOW_S = 4
"""Sound it hears at once: less than a real one, so that tests are quick."""


def save_tiny_whisper(folder: Path, seed: int = 0) -> Path:
    """Model, tokenizer and feature extractor in a folder."""
    import torch
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperTokenizer,
    )

    symbols = sorted(ByteLevel.alphabet())
    words = ["Ġ" + word for word in WORDS]
    special = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in LANGUAGES)]
    special += [
        "<|translate|>",
        "<|transcribe|>",
        "<|startoflm|>",
        "<|startofprev|>",
        "<|nospeech|>",
        "<|notimestamps|>",
    ]
    times = [f"<|{0.02 * step:.2f}|>" for step in range(50 * WINDOW_S + 1)]
    vocab = {token: at for at, token in enumerate(symbols + words)}
    tokenizer = WhisperTokenizer(vocab=vocab | {"<|endoftext|>": len(vocab)}, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": special[1:]})
    tokenizer.add_tokens(times)
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in [*special, times[0]]}
    torch.manual_seed(seed)
    model = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=len(tokenizer),
            num_mel_bins=8,
            d_model=16,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=16,
            decoder_ffn_dim=16,
            max_source_positions=50 * WINDOW_S,
            max_target_positions=24,
            decoder_start_token_id=ids["<|startoftranscript|>"],
            bos_token_id=ids["<|endoftext|>"],
            eos_token_id=ids["<|endoftext|>"],
            pad_token_id=ids["<|endoftext|>"],
            begin_suppress_tokens=None,
            suppress_tokens=None,
        )
    )
    model.generation_config = GenerationConfig(
        decoder_start_token_id=ids["<|startoftranscript|>"],
        eos_token_id=ids["<|endoftext|>"],
        pad_token_id=ids["<|endoftext|>"],
        no_timestamps_token_id=ids["<|notimestamps|>"],
        prev_sot_token_id=ids["<|startofprev|>"],
        is_multilingual=True,
        lang_to_id={f"<|{code}|>": ids[f"<|{code}|>"] for code in LANGUAGES},
        task_to_id={"transcribe": ids["<|transcribe|>"], "translate": ids["<|translate|>"]},
        max_initial_timestamp_index=50,
        max_length=20,
        return_timestamps=False,
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=8, chunk_length=WINDOW_S).save_pretrained(folder)
    return folder

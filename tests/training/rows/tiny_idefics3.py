"""A tiny Idefics3 with random weights and its processor: a real vision language model that trains on a CPU at once."""

from typing import Any

SPECIAL = [
    "<pad>",
    "<eos>",
    "<unk>",
    "<image>",
    "<fake_token_around_image>",
    "<global-img>",
    "<end_of_utterance>",
]
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}:"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)
SIDE_PX = 32


def tokenizer() -> Any:
    """Bytes, and the special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocab = {symbol: at for at, symbol in enumerate(SPECIAL + sorted(pre_tokenizers.ByteLevel.alphabet()))}
    raw = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    names = {"pad_token": "<pad>", "eos_token": "<eos>", "unk_token": "<unk>"}
    made = PreTrainedTokenizerFast(tokenizer_object=raw, additional_special_tokens=SPECIAL[3:], **names)
    made.chat_template = TEMPLATE
    return made


def tiny_idefics3() -> tuple[Any, Any]:
    """The model and its processor."""
    import torch
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration, Idefics3Processor
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    words = tokenizer()
    side = {"longest_edge": SIDE_PX}
    pictures = Idefics3ImageProcessorPil(size=side, max_image_size=side, do_image_splitting=False)
    processor = Idefics3Processor(pictures, words, image_seq_len=4, chat_template=TEMPLATE)
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    torch.manual_seed(0)
    config = Idefics3Config(
        image_token_id=words.convert_tokens_to_ids("<image>"),
        pad_token_id=0,
        scale_factor=1,
        vision_config={**small, "image_size": SIDE_PX, "patch_size": SIDE_PX // 2},
        text_config={
            **small,
            "model_type": "llama",
            "vocab_size": len(words),
            "num_key_value_heads": 2,
            "max_position_embeddings": 8192,
            "pad_token_id": 0,
        },
    )
    return Idefics3ForConditionalGeneration(config), processor

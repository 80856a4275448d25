"""How a story is told and shown: words in any language, the staging of keyframes, and what people say."""

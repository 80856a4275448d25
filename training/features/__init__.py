"""Frame features of a dataset, made once by a tower, kept on disk, and read without pixels.

    cache = FeatureCache("features")            # a folder, or an id on the Hub
    film = cache.film("m00042")                 # features (F, P, D) in place of pictures

`moviellm train features` makes them. Importing this imports no torch.
"""

from moviellm.training.features.cache import FeatureCache
from moviellm.training.features.settings import LEVELS, FeatureSettings

__all__ = ["LEVELS", "FeatureCache", "FeatureSettings"]

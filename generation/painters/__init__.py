"""Painters that are models: a diffusers pipeline in this process, or an image server."""
